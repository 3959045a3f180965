//! Look at the chain of events: what was sealed since the last look is told, and a chain that is not as it was is noticed.

use std::convert::Infallible;

use crate::{domain::event::Head, store::BATCH};

use super::{Failure, Services, feed::Feed};

/// Returns whether there may be more. The first look only sees where the chain ends.
pub async fn look_at_chain(services: &Services) -> Result<bool, Failure<Infallible>> {
    let (feed, uptime) = (&services.journal.feed, services.clock.uptime());
    let head = services.store.head().await?.unwrap_or(Head::NONE);
    let Some(seen) = feed.seen() else {
        feed.see(head);
        return Ok(false);
    };
    if head == seen {
        feed.see(seen);
        return Ok(false);
    }
    let went_back = head.position <= seen.position;
    if went_back && !feed.stays_odd(uptime) {
        return Ok(false);
    }
    if went_back {
        notice(feed, &seen, services);
        feed.see(head);
        return Ok(false);
    }
    go_on(services, seen, head).await
}

/// Link by link: one that is not there yet, because the store is being read while it is written, is waited for.
async fn go_on(services: &Services, seen: Head, head: Head) -> Result<bool, Failure<Infallible>> {
    let (feed, uptime) = (&services.journal.feed, services.clock.uptime());
    let most = u32::try_from(BATCH).unwrap_or(u32::MAX);
    let (from, now) = (seen.position + 1, services.clock.now());
    let events = services.store.sealed_events(None, from..head.position + 1, most, now).await?;
    let (mut last, is_full) = (seen, events.len() == BATCH);
    for event in events {
        let Some(link) = event.link else { continue };
        if !link.follows(&last) {
            if last != seen || !feed.stays_odd(uptime) {
                return Ok(false);
            }
            notice(feed, &seen, services);
        }
        last = link.head();
        feed.tell(event, &link);
    }
    if last == seen && feed.stays_odd(uptime) {
        notice(feed, &seen, services);
        feed.see(head);
    }
    Ok(is_full)
}

/// Unless it has only expired.
fn notice(feed: &Feed, seen: &Head, services: &Services) {
    if seen.position > 0 && seen.expires_at > services.clock.now() {
        tracing::error!(head = %seen.noted(), "the chain of events is not what it was: look at it with `portcullis events verify --head`");
        feed.break_off();
    }
}

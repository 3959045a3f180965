//! Seal events: each gets its place in the chain, whichever replica wrote it, and whichever is quicker to seal it.

use std::convert::Infallible;

use jiff::Timestamp;

use crate::{
    domain::{
        event::{Event, Head},
        id::EventId,
    },
    store::{BATCH, Store, StoreError},
    system::vault::Vault,
};

use super::{Failure, Services};

/// How often somebody else may be quicker in one round.
const ATTEMPTS: usize = 5;

/// Those that wait for their place.
#[derive(Default)]
struct Waiting {
    ours: Vec<Event>,
    /// How many nobody of ours wrote so, as far as was looked, and the first of them.
    foreign: u64,
    first: Option<EventId>,
    is_more: bool,
}

/// Returns whether there may be more. Nobody leads: of two who seal at once the place in the chain is one's, and the other looks
/// again.
pub async fn seal_events(services: &Services) -> Result<bool, Failure<Infallible>> {
    for _ in 0..ATTEMPTS {
        let mut head = services.store.head().await?.unwrap_or(Head::NONE);
        let mut waiting = find_waiting(services, &head).await?;
        if waiting.ours.is_empty() {
            return Ok(false);
        }
        for event in &mut waiting.ours {
            let seal = |link: &[u8]| services.vault.seal_link(link);
            let link = head.next(event, services.journal.retention, seal);
            event.link = Some(link);
            head = link.head();
        }
        match services.store.seal_events(&waiting.ours).await {
            Err(StoreError::Stale | StoreError::Taken) => {}
            sealed => return Ok(sealed.map(|()| waiting.is_more)?),
        }
    }
    Err(Failure::Raced)
}

/// The first of those that are ours. What is not is left where it is, and told; it keeps nothing else from being sealed.
async fn find_waiting(services: &Services, head: &Head) -> Result<Waiting, StoreError> {
    let (store, mut after, mut waiting) = (&*services.store, EventId::FIRST, Waiting::default());
    loop {
        let portion = store.unsealed_events(after, u32::try_from(BATCH).unwrap_or(u32::MAX)).await?;
        waiting.is_more = portion.len() == BATCH;
        let last = portion.last().map(|event| event.id);
        for event in portion {
            if is_ours(store, &services.vault, head, &event, services.clock.now()).await? {
                waiting.ours.push(event);
            } else {
                waiting.foreign += 1;
                waiting.first.get_or_insert(event.id);
            }
        }
        match last {
            Some(last) if waiting.ours.is_empty() && waiting.is_more => after = last,
            _ => break,
        }
    }
    tell_of_the_foreign(services, &waiting);
    Ok(waiting)
}

fn tell_of_the_foreign(services: &Services, Waiting { foreign, first, .. }: &Waiting) {
    if let Some(event) = first.filter(|_| services.journal.feed.sees_more_foreign(*foreign)) {
        tracing::error!(
            %event, events = foreign,
            "events wait that nobody of ours wrote so, and are not sealed: look at them with `portcullis events verify`"
        );
        services.journal.feed.break_off();
    }
}

/// Whether it may have a place behind this head.
pub(super) async fn is_ours(
    store: &dyn Store,
    vault: &Vault,
    head: &Head,
    event: &Event,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if event.is_as_written(|said, stamp| vault.has_stamped(said, stamp)) {
        return Ok(true);
    }
    Ok(event.is_of_the_release_before() && begins(store, head, now).await?)
}

/// What the release before wrote has no stamp. It is the beginning of a chain, before anything that has.
async fn begins(store: &dyn Store, head: &Head, now: Timestamp) -> Result<bool, StoreError> {
    let latest = store.sealed_events(None, head.position..head.position + 1, 1, now).await?;
    Ok(head.position == 0 || latest.iter().any(Event::is_of_the_release_before))
}

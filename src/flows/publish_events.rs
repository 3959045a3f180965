//! Publish events: those that were sealed go out, in their order, by one process at a time, until whoever gets them has them.

use std::{convert::Infallible, time::Duration};

use jiff::{SignedDuration, Timestamp};

use crate::{
    domain::{
        event::{Event, Head},
        outlet::Taking,
    },
    outlets::{DEADLINE, MOST, NotTaken, Parcel},
    store::{self, StoreError},
    system::jitter::about,
};

use super::{Failure, Services, outlets::Outlet};

/// How long an outlet is ours without our saying so again.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// What has to be left of it before anything is handed over: that much it takes to do so and to note it.
const ENOUGH: SignedDuration =
    SignedDuration::from_secs(DEADLINE.as_secs().cast_signed() + store::DEADLINE.as_secs().cast_signed() + 1);

/// Until it is looked again where there was nothing to do.
pub const PAUSE: Duration = Duration::from_secs(1);

/// The same where somebody else sees to it.
const ELSEWHERE: Duration = Duration::from_secs(5);

/// After the first failure; each one behind it doubles that, up to the longest.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(5);

/// How often an event is offered that is refused.
const TRIES: u32 = 6;

/// How long the store may show an older state than it did, as it does while another server takes over.
const PATIENCE: Duration = Duration::from_secs(10);

/// What whoever fills an outlet remembers from one round to the next.
#[derive(Default)]
pub struct Progress {
    held: Option<Held>,
    failures: u32,
    /// How often the next event was refused.
    refusals: u32,
    /// The uptime since when events are missing that should be there.
    odd_since: Option<Duration>,
}

#[derive(Clone, Copy)]
struct Held {
    position: u64,
    until: Timestamp,
}

/// What goes out next, and how far that leads.
struct Batch {
    parcels: Vec<(u64, Parcel)>,
    end: u64,
    /// Events before these that are not there any more.
    lost: u64,
}

/// One round; returns how long to wait until the next.
pub async fn publish_events(
    services: &Services,
    outlet: &Outlet,
    progress: &mut Progress,
) -> Result<Duration, Failure<Infallible>> {
    let Some(head) = services.journal.feed.seen() else { return Ok(PAUSE) };
    let Some(held) = hold(services, outlet, progress, head.position).await? else {
        outlet.course.is_elsewhere();
        return Ok(ELSEWHERE);
    };
    outlet.course.see(held.position, head.position);
    if held.position >= head.position {
        return Ok(PAUSE);
    }
    let Some(batch) = next_batch(services, outlet, progress, (held.position, head)).await? else {
        return Ok(PAUSE);
    };
    let pause = hand_over(services, outlet, progress, batch).await?;
    outlet.course.see(progress.held.map_or(held.position, |held| held.position), head.position);
    Ok(pause)
}

/// Leaves the outlet to others, who need not wait until it is nobody's any more.
pub async fn stop_publishing(
    services: &Services,
    outlet: &Outlet,
    progress: Progress,
) -> Result<(), StoreError> {
    match progress.held {
        Some(_) => services.store.leave_outlet(&outlet.name, outlet.holder).await,
        None => Ok(()),
    }
}

/// Asks the store no more often than it has to.
async fn hold(
    services: &Services,
    outlet: &Outlet,
    progress: &mut Progress,
    first: u64,
) -> Result<Option<Held>, StoreError> {
    let now = services.clock.now();
    if let Some(held) = progress.held.filter(|held| held.until >= now + ENOUGH) {
        return Ok(Some(held));
    }
    take(services, outlet, progress, first, LEASE).await?;
    Ok(progress.held)
}

async fn take(
    services: &Services,
    outlet: &Outlet,
    progress: &mut Progress,
    first: u64,
    length: SignedDuration,
) -> Result<(), StoreError> {
    let now = services.clock.now();
    let (holder, until) = (outlet.holder, now + length);
    progress.held = None;
    let position = services.store.take_outlet(&outlet.name, Taking { holder, until, first }, now).await?;
    progress.held = position.map(|position| Held { position, until });
    Ok(())
}

/// `None` while events are waited for that the store has shown before.
async fn next_batch(
    services: &Services,
    outlet: &Outlet,
    progress: &mut Progress,
    (position, head): (u64, Head),
) -> Result<Option<Batch>, StoreError> {
    let (now, most) = (services.clock.now(), u32::try_from(MOST).unwrap_or(u32::MAX));
    let wanted = position + 1..head.position + 1;
    let events = services.store.sealed_events(None, wanted, most, now).await?;
    let uptime = services.clock.uptime();
    let since = *progress.odd_since.get_or_insert(uptime);
    let patient = uptime.saturating_sub(since) < PATIENCE;
    let batch = line_up(outlet, events, (position, head), patient.then_some(now));
    if batch.is_some() {
        progress.odd_since = None;
    }
    Ok(batch)
}

/// Up to the first that is missing without having expired at `now`; whoever has no patience left goes on behind it.
fn line_up(
    outlet: &Outlet,
    events: Vec<Event>,
    (position, head): (u64, Head),
    now: Option<Timestamp>,
) -> Option<Batch> {
    let is_waited_for = |expires_at| now.is_some_and(|now| expires_at > now);
    let mut batch = Batch { parcels: Vec::new(), end: position, lost: 0 };
    for event in events {
        let Some(link) = event.link else { continue };
        let missing = link.position.saturating_sub(batch.end + 1);
        if missing > 0 && is_waited_for(link.previous_expires_at) {
            break;
        }
        batch.lost += missing;
        batch.end = link.position;
        if outlet.wants(event.kind) {
            batch.parcels.push((link.position, Parcel::of(&event, &outlet.source)));
        }
    }
    if batch.end == position && !is_waited_for(head.expires_at) {
        batch.lost = head.position - position;
        batch.end = head.position;
    }
    (batch.end > position).then_some(batch)
}

/// What was taken is noted only then: whoever dies in between leaves it to somebody who hands it over again.
async fn hand_over(
    services: &Services,
    outlet: &Outlet,
    progress: &mut Progress,
    Batch { parcels, end, lost }: Batch,
) -> Result<Duration, StoreError> {
    if lost > 0 {
        outlet.course.lost.add(lost);
        tracing::error!(outlet = %outlet.name, lost, "events were gone before they could go out");
    }
    let (positions, parcels): (Vec<_>, Vec<_>) = parcels.into_iter().unzip();
    let handed = if parcels.is_empty() {
        None
    } else {
        Some(outlet.way.hand_over(&parcels, services.clock.now()).await)
    };
    let (taken, trouble) = handed.map_or((0, None), |handed| (handed.taken, handed.trouble));
    outlet.course.taken.add(taken as u64);
    let Some((refused, trouble)) = positions.get(taken).copied().zip(trouble) else {
        (progress.failures, progress.refusals) = (0, 0);
        outlet.course.goes(&outlet.name);
        advance(services, outlet, progress, end).await?;
        return Ok(Duration::ZERO);
    };
    if taken > 0 {
        (progress.failures, progress.refusals) = (0, 0);
    }
    advance(services, outlet, progress, refused - 1).await?;
    fail(services, outlet, progress, (refused, trouble)).await
}

async fn fail(
    services: &Services,
    outlet: &Outlet,
    progress: &mut Progress,
    (refused, trouble): (u64, NotTaken),
) -> Result<Duration, StoreError> {
    progress.failures += 1;
    outlet.course.does_not_go(&outlet.name, &trouble.to_string(), services.clock.uptime());
    progress.refusals += u32::from(matches!(trouble, NotTaken::NotThisOne(_)));
    if progress.refusals >= TRIES {
        outlet.course.given_up.add_one();
        tracing::error!(outlet = %outlet.name, position = refused, cause = %trouble, "an event was refused, and is given up");
        (progress.failures, progress.refusals) = (0, 0);
        advance(services, outlet, progress, refused).await?;
        return Ok(Duration::ZERO);
    }
    let pause = about(FIRST * 2_u32.saturating_pow(progress.failures.min(10) - 1)).min(LONGEST);
    let length = SignedDuration::try_from(pause).unwrap_or(LEASE) + LEASE;
    // Whoever came in now would only fail as well.
    take(services, outlet, progress, refused, length).await?;
    Ok(pause)
}

/// Somebody else has taken it up where it does not work: they go on from where it was.
async fn advance(
    services: &Services,
    outlet: &Outlet,
    progress: &mut Progress,
    position: u64,
) -> Result<(), StoreError> {
    let Some(held) = &mut progress.held else { return Ok(()) };
    if held.position == position {
        return Ok(());
    }
    match services.store.advance_outlet(&outlet.name, outlet.holder, position).await {
        Ok(()) => held.position = position,
        Err(StoreError::Stale) => progress.held = None,
        Err(error) => return Err(error),
    }
    Ok(())
}

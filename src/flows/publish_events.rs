//! Publish events: those that were sealed go out, in their order, by one process at a time, until whoever gets them has them.

use std::{convert::Infallible, time::Duration};

use jiff::Timestamp;

use crate::{
    domain::event::{Event, Head},
    outlets::{Handed, MOST, NotTaken, Parcel},
    store::StoreError,
    system::jitter::about,
};

use super::{Failure, Services, outlet_lease::Lease, outlets::Outlet};

/// After the first failure; each one behind it doubles that, up to the longest.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(5);

/// How long events are waited for that should be there: the store may show an older state than it did while another server
/// takes over, and nobody is in a hurry.
const PATIENCE: Duration = Duration::from_mins(2);

/// What whoever fills an outlet remembers from one round to the next.
#[derive(Default)]
pub struct Progress {
    held: Option<Lease>,
    failures: u32,
    /// Behind which place something is not as it should be, and the uptime since when.
    odd: Option<(u64, Duration)>,
}

/// What comes after a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// There may be more to do at once.
    More,
    /// Nothing, until something happens.
    Nothing,
    /// Somebody else sees to it.
    Elsewhere,
    /// The same once more, after so long.
    After(Duration),
}

/// What goes out next, and how far that leads.
struct Batch {
    parcels: Vec<(u64, Parcel)>,
    end: u64,
    /// Events before these that are not there any more.
    lost: u64,
}

/// One round.
pub async fn publish_events(
    services: &Services,
    outlet: &Outlet,
    progress: &mut Progress,
) -> Result<Next, Failure<Infallible>> {
    let Some(head) = services.journal.feed.seen() else { return Ok(Next::Nothing) };
    let position = match Lease::hold(&mut progress.held, services, outlet, head.position).await? {
        Ok(lease) => lease.position,
        Err(theirs) => {
            *progress = Progress::default();
            outlet.course.is_elsewhere(theirs, head.position);
            return Ok(Next::Elsewhere);
        }
    };
    outlet.course.see(position, head.position);
    if position == head.position {
        progress.odd = None;
        outlet.course.goes(&outlet.name);
        return Ok(Next::Nothing);
    }
    let Some(batch) = next_batch(services, outlet, progress, (position, head)).await? else {
        return Ok(Next::Nothing);
    };
    let next = hand_over(services, outlet, progress, batch).await?;
    outlet.course.see(progress.held.map_or(position, |held| held.position), head.position);
    Ok(next)
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

/// `None` while something is waited for that the store has shown before.
async fn next_batch(
    services: &Services,
    outlet: &Outlet,
    progress: &mut Progress,
    (position, head): (u64, Head),
) -> Result<Option<Batch>, StoreError> {
    // An older state than we know of is no state to judge by.
    let shown = services.store.head().await?.unwrap_or(Head::NONE);
    if shown.position < head.position {
        return Ok(None);
    }
    let (now, uptime) = (services.clock.now(), services.clock.uptime());
    let since = match progress.odd {
        Some((behind, since)) if behind == position => since,
        _ => uptime,
    };
    progress.odd = Some((position, since));
    let patient = uptime.saturating_sub(since) < PATIENCE;
    if position > head.position {
        return Ok((!patient).then(|| go_back(outlet, head)));
    }
    let most = u32::try_from(MOST).unwrap_or(u32::MAX);
    let events = services.store.sealed_events(None, position + 1..head.position + 1, most, now).await?;
    Ok(line_up(outlet, events, (position, head), patient.then_some(now)))
}

/// The chain ends before the place that the outlet had come to: the store is another one than it was.
fn go_back(outlet: &Outlet, head: Head) -> Batch {
    let position = head.position;
    tracing::error!(outlet = %outlet.name, position, "the chain is shorter than what went out; what happens now goes out");
    Batch { parcels: Vec::new(), end: position, lost: 0 }
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
) -> Result<Next, StoreError> {
    if lost > 0 {
        outlet.course.lost.add(lost);
        tracing::error!(outlet = %outlet.name, lost, "events were gone before they could go out");
    }
    let (positions, parcels): (Vec<u64>, Vec<Parcel>) = parcels.into_iter().unzip();
    let handed = match parcels.as_slice() {
        [] => Handed::default(),
        parcels => outlet.way.hand_over(parcels, services.clock.now()).await,
    };
    // Up to before the parcel of this number, all that was wanted has gone out.
    let before = |number: usize| positions.get(number).map_or(end, |position: &u64| *position - 1);
    outlet.course.taken.add(handed.taken as u64);
    if handed.taken > 0 || handed.trouble.is_none() {
        progress.failures = 0;
        outlet.course.goes(&outlet.name);
    }
    Lease::advance(&mut progress.held, services, outlet, before(handed.taken)).await?;
    let not_taken = positions.get(handed.taken).copied();
    match (not_taken, handed.trouble) {
        // Whoever takes those behind it does not want this one.
        (Some(position), Some(NotTaken::NotThisOne(cause))) if handed.later => {
            outlet.course.given_up.add_one();
            outlet.course.taken.add(handed.next as u64);
            tracing::error!(outlet = %outlet.name, position, cause, "an event was refused, and is given up");
            progress.failures = 0;
            let behind = before(handed.taken + 1 + handed.next);
            Lease::advance(&mut progress.held, services, outlet, behind).await?;
            Ok(Next::More)
        }
        (Some(_), Some(trouble)) => fail(services, outlet, progress, &trouble).await,
        _ => Ok(Next::More),
    }
}

/// Whoever refuses everything is mistaken, and is waited for like somebody who is away.
async fn fail(
    services: &Services,
    outlet: &Outlet,
    progress: &mut Progress,
    trouble: &NotTaken,
) -> Result<Next, StoreError> {
    progress.failures += 1;
    outlet.course.does_not_go(&outlet.name, &trouble.to_string(), services.clock.uptime());
    let pause = about(FIRST * 2_u32.pow(progress.failures.min(10) - 1)).min(LONGEST);
    Lease::keep(&mut progress.held, services, outlet, pause).await?;
    Ok(Next::After(pause))
}

//! List events: what happened, the newest first, a page at a time.

use std::convert::Infallible;

use jiff::Timestamp;

use crate::domain::{
    event::{Event, EventFilter},
    id::EventId,
};

use super::{Failure, Services};

/// Which page.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    pub filter: EventFilter,
    /// The last one of the page before.
    pub before: Option<EventId>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Up to this moment, which is not among them.
    pub to: Option<Timestamp>,
    pub limit: u32,
}

pub struct Page {
    pub events: Vec<Event>,
    /// Where there are more.
    pub next: Option<EventId>,
}

/// An id says when, so that a span of time is one of ids.
pub async fn list_events(services: &Services, wanted: Wanted) -> Result<Page, Failure<Infallible>> {
    let from = wanted.from.map_or(EventId::FIRST, EventId::from_moment);
    let to = wanted.to.map_or(EventId::LAST, EventId::from_moment);
    let before = wanted.before.map_or(to, |before| before.min(to));
    let now = services.clock.now();
    let mut events = services.store.events(&wanted.filter, from..before, wanted.limit + 1, now).await?;
    let more = events.len() > wanted.limit as usize;
    events.truncate(wanted.limit as usize);
    let next = events.last().filter(|_| more).map(|event| event.id);
    Ok(Page { events, next })
}

//! Follow events: whoever listens is told each one after another, none left out and none before another, wherever they go on.

use std::{collections::VecDeque, ops::Range, sync::Arc, time::Duration};

use tokio::{
    sync::{broadcast, watch},
    time::{Interval, MissedTickBehavior, interval, sleep},
};

use crate::{
    domain::{
        event::{Event, EventFilter},
        id::SessionId,
    },
    store::{Store, StoreError},
};

use super::{
    Failure, Services,
    memory::{Key, Remembered},
    seats::{NoSeat, Seat},
};

/// After how long a word is said where there is nothing to tell, so that nobody takes the silence for an end.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// After how long a session is judged again, however quiet it is.
const JUDGEMENT: Duration = Duration::from_secs(20);

/// How many are read at once of what was missed.
const PORTION: u32 = 100;

/// Between looks at a store that shows an older state than it did.
const PAUSE: Duration = Duration::from_millis(200);
const LOOKS: usize = 10;

/// Why what was missed cannot be told.
#[derive(Debug, thiserror::Error)]
enum Unread {
    /// Whoever listens comes back, perhaps to a replica that sees more.
    #[error("the store shows an older state than it did")]
    Behind,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FollowRefusal {
    #[error(transparent)]
    NoSeat(#[from] NoSeat),
    /// The chain ends before it: it is another chain than the one that this place was in.
    #[error("there is no such place in the chain")]
    NoSuchPlace,
}

/// Whose events somebody follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Following {
    /// Their own.
    Own,
    /// Everybody's, for as long as they are an administrator.
    All(EventFilter),
}

/// Somebody who listens.
pub struct Follower {
    session: SessionId,
    following: Following,
    wanted: EventFilter,
    /// The last place that was told, or passed over.
    position: u64,
    /// Up to here the store is asked, and after it the feed tells.
    upto: u64,
    missed: VecDeque<Event>,
    told: broadcast::Receiver<Arc<Event>>,
    stirs: watch::Receiver<()>,
    heartbeat: Interval,
    judgement: Interval,
    _seat: Seat,
}

/// What is said next.
pub enum Word {
    Event(Arc<Event>),
    /// Nothing happened up to this place.
    Nothing {
        position: u64,
    },
}

/// From now on, or from a place where they were before.
pub async fn follow_events(
    services: &Services,
    caller: &Remembered,
    following: Following,
    after: Option<u64>,
) -> Result<Follower, Failure<FollowRefusal>> {
    let feed = &services.journal.feed;
    let seat = feed.seats.take(caller.user.id()).map_err(|none| Failure::Refused(none.into()))?;
    let (told, upto) = (feed.listen(), seen(services).await?);
    if let Some(after) = after {
        must_be_there(services, after.min(u64::MAX - 1), upto).await?;
    }
    let wanted = match following {
        Following::Own => EventFilter { user: Some(caller.user.id()), kind: None },
        Following::All(wanted) => wanted,
    };
    Ok(Follower {
        session: caller.session.id,
        following,
        wanted,
        position: after.unwrap_or(upto),
        upto,
        missed: VecDeque::new(),
        told,
        stirs: services.memory.stirs(),
        heartbeat: every(HEARTBEAT),
        judgement: every(JUDGEMENT),
        _seat: seat,
    })
}

fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// Where the chain ends as far as it was followed here; asked of the store where nobody has looked yet.
async fn seen(services: &Services) -> Result<u64, StoreError> {
    match services.journal.feed.seen() {
        Some(head) => Ok(head.position),
        None => end(&*services.store).await,
    }
}

async fn end(store: &dyn Store) -> Result<u64, StoreError> {
    Ok(store.head().await?.map_or(0, |head| head.position))
}

/// Another replica may be further than this one is, and a server that takes over show an older state for a moment.
async fn must_be_there(services: &Services, after: u64, upto: u64) -> Result<(), Failure<FollowRefusal>> {
    for _ in 0..LOOKS {
        if after <= upto || after <= end(&*services.store).await? {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
    Err(Failure::Refused(FollowRefusal::NoSuchPlace))
}

impl Follower {
    /// `None` where it is over: the service ends, or the session has, or whoever listens is too slow. They may come back and go on.
    pub async fn next(&mut self, services: &Services) -> Option<Word> {
        loop {
            if let Some(event) = self.missed.pop_front() {
                return Some(Word::Event(Arc::new(event)));
            }
            let behind = self.position < self.upto;
            tokio::select! {
                () = services.journal.feed.ending.cancelled() => return None,
                _ = self.judgement.tick() => self.judge(services).await?,
                // Not while it catches up: what is read would be thrown away each time.
                Ok(()) = self.stirs.changed(), if !behind => self.judge(services).await?,
                read = read(services, self.wanted, self.position + 1..self.upto + 1), if behind => self.catch_up(read)?,
                told = self.told.recv(), if !behind => {
                    if let Some(event) = self.take(told.ok()?) {
                        return Some(Word::Event(event));
                    }
                }
                _ = self.heartbeat.tick(), if !behind => return Some(Word::Nothing { position: self.position }),
            }
        }
    }

    fn take(&mut self, event: Arc<Event>) -> Option<Arc<Event>> {
        let position = event.position().filter(|position| *position > self.position)?;
        self.position = position;
        self.wanted.admits(&event).then_some(event)
    }

    fn catch_up(&mut self, read: Result<Vec<Event>, Unread>) -> Option<()> {
        let events = read
            .inspect_err(|cause| tracing::debug!(%cause, "somebody who follows events could not be told what they missed"))
            .ok()?;
        let last = events.last().and_then(Event::position);
        self.position = last.filter(|_| events.len() >= PORTION as usize).unwrap_or(self.upto);
        self.missed.extend(events.into_iter().filter(|event| self.wanted.admits(event)));
        Some(())
    }

    /// `None` for whoever may not listen any more, and where nobody can say.
    async fn judge(&self, services: &Services) -> Option<()> {
        let now = services.clock.now();
        let all = matches!(self.following, Following::All(_));
        let found = services.memory.find(&*services.store, Key::Id(self.session), |session, user| {
            session.holds(user, now) && (!all || user.is_admin())
        });
        found.await.ok()?.map(drop)
    }
}

/// What was missed, once the store shows all of it: what it does not show would be passed over for good.
async fn read(services: &Services, wanted: EventFilter, places: Range<u64>) -> Result<Vec<Event>, Unread> {
    must_show(&*services.store, places.end).await?;
    Ok(services.store.sealed_events(wanted.user, places, PORTION, services.clock.now()).await?)
}

/// All places before this one.
async fn must_show(store: &dyn Store, before: u64) -> Result<(), Unread> {
    for _ in 0..LOOKS {
        if end(store).await? + 1 >= before {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
    Err(Unread::Behind)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::{
        domain::{
            event::{Actor, EventKind, Happening, Head},
            id::EventId,
        },
        store::sqlite::{Location, SqliteStore},
    };

    #[tokio::test]
    async fn what_the_store_does_not_show_any_more_is_not_passed_over() {
        let (store, now) = (SqliteStore::open(Location::Memory).unwrap(), Timestamp::UNIX_EPOCH);
        store.migrate(now).await.unwrap();
        let rotated = Happening::by(Actor::Service, EventKind::SigningKeyRotated);
        let mut event = Event::of(rotated, EventId::from_uuid(uuid::Uuid::from_u128(7)), [7; 16], now);
        store.add_event(&event).await.unwrap();
        event.link = Some(Head::NONE.next(&event, SignedDuration::from_hours(1), |_| [7; 32]));
        store.seal_events(&[event]).await.unwrap();
        must_show(&store, 2).await.unwrap();
        assert!(matches!(must_show(&store, 3).await, Err(Unread::Behind)));
    }
}

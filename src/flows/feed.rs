//! The feed: what was sealed is told to all who follow it, who need not ask the store for it one by one.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::domain::event::{Event, Head, Link};

use super::seats::Seats;

/// What is told and not yet heard; whoever falls further behind is let go.
const IN_LINE: usize = 2_048;

/// How long the store may show an older state than it did, as it does while another server takes over.
const PATIENCE: Duration = Duration::from_secs(10);

/// One for each process.
pub struct Feed {
    /// Up to where the chain has been followed, link by link.
    seen: Mutex<Option<Head>>,
    /// The uptime at which it did not go on as it should.
    odd_since: Mutex<Option<Duration>>,
    broken: AtomicBool,
    /// The most events that were seen at once to wait for a place that they will not get.
    foreign: AtomicU64,
    told: broadcast::Sender<Arc<Event>>,
    pub(super) seats: Seats,
    pub(super) ending: CancellationToken,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            seen: Mutex::default(),
            odd_since: Mutex::default(),
            broken: AtomicBool::new(false),
            foreign: AtomicU64::new(0),
            told: broadcast::Sender::new(IN_LINE),
            seats: Seats::default(),
            ending: CancellationToken::new(),
        }
    }
}

impl Feed {
    /// `None` before the chain was looked at for the first time.
    pub fn seen(&self) -> Option<Head> {
        *locked(&self.seen)
    }

    /// Whether links that were there have gone, or others came in their place, or somebody else wrote events, since the process began.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// How many follow as a stream.
    pub fn streams(&self) -> u64 {
        self.seats.taken()
    }

    /// Ends all who follow.
    pub fn end(&self) {
        self.ending.cancel();
    }

    pub async fn ended(&self) {
        self.ending.cancelled().await;
    }

    /// What is told from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Event>> {
        self.told.subscribe()
    }

    pub(super) fn see(&self, head: Head) {
        *locked(&self.seen) = Some(head);
        *locked(&self.odd_since) = None;
    }

    /// Seen before it is told, so that whoever begins to listen in between finds it in the store.
    pub(super) fn tell(&self, event: Event, link: &Link) {
        self.see(link.head());
        // Nobody listens where nobody follows.
        let _ = self.told.send(Arc::new(event));
    }

    /// Whether it has been so for longer than a change of servers explains.
    pub(super) fn stays_odd(&self, now: Duration) -> bool {
        let since = *locked(&self.odd_since).get_or_insert(now);
        now.saturating_sub(since) >= PATIENCE
    }

    pub(super) fn sees_more_foreign(&self, events: u64) -> bool {
        self.foreign.fetch_max(events, Ordering::Relaxed) < events
    }

    pub(super) fn break_off(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }
}

/// What is behind these locks is whole at any moment.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Readiness: may somebody send us requests?

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What is known of the store and of our own plans; shared by all who serve, probe and stop.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<State>);

#[derive(Clone, Copy, Debug, Default)]
struct State {
    opened: bool,
    stopping: bool,
    last_good: Option<Duration>,
    store: StoreHealth,
}

/// How the store answered when it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreHealth {
    pub up: bool,
    /// On the clock's forward-running time.
    pub since: Duration,
    pub latency: Duration,
}

impl Readiness {
    /// So long may the store be away before requests should go elsewhere: longer than an election, so that one does
    /// not take every replica out of its Service at once.
    pub const STALENESS: Duration = Duration::from_secs(30);

    /// The store's schema is this release's.
    pub fn open(&self, now: Duration) {
        let mut state = self.lock();
        state.opened = true;
        state.last_good = Some(now);
        state.store = StoreHealth { up: true, since: now, ..state.store };
    }

    pub fn is_open(&self) -> bool {
        self.lock().opened
    }

    /// What the store answered to a probe.
    pub fn note(&self, now: Duration, latency: Duration, up: bool) {
        let mut state = self.lock();
        let since = if state.store.up == up { state.store.since } else { now };
        state.store = StoreHealth { up, since, latency };
        if up {
            state.last_good = Some(now);
        }
    }

    /// From now on nobody should send us anything new.
    pub fn stop(&self) {
        self.lock().stopping = true;
    }

    pub fn is_stopping(&self) -> bool {
        self.lock().stopping
    }

    pub fn is_ready(&self, now: Duration) -> bool {
        let state = self.lock();
        let fresh = state.last_good.is_some_and(|good| now.saturating_sub(good) < Self::STALENESS);
        state.opened && !state.stopping && fresh
    }

    pub fn store(&self) -> StoreHealth {
        self.lock().store
    }

    /// Held for a copy of a few words, never across an await.
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn it_is_ready_from_the_opening_until_the_store_was_away_too_long() {
        let readiness = Readiness::default();
        assert!(!readiness.is_ready(at(1)));
        readiness.open(at(1));
        assert!(readiness.is_ready(at(30)));
        readiness.note(at(5), at(1), false);
        assert!(readiness.is_ready(at(30)), "an election is no reason to leave the Service");
        assert!(!readiness.is_ready(at(31)));
        readiness.note(at(40), at(1), true);
        assert!(readiness.is_ready(at(40)));
    }

    #[test]
    fn it_is_not_ready_once_we_are_stopping() {
        let readiness = Readiness::default();
        readiness.open(at(1));
        readiness.stop();
        assert!(!readiness.is_ready(at(1)));
    }

    #[test]
    fn since_when_the_store_is_as_it_is_outlives_further_probes() {
        let readiness = Readiness::default();
        readiness.open(at(1));
        readiness.note(at(5), at(0), true);
        assert_eq!(readiness.store().since, at(1));
        readiness.note(at(9), at(0), false);
        readiness.note(at(12), at(0), false);
        assert_eq!((readiness.store().up, readiness.store().since), (false, at(9)));
    }
}

//! A clock that stands still until it is told to move.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use portcullis::domain::clock::Clock;

/// Clones share the time, so that a test and what it tests see the same.
#[derive(Clone, Debug)]
pub(crate) struct FrozenClock(Arc<Mutex<Timestamp>>);

impl FrozenClock {
    /// In the next century, so that no database which tidies up by its own clock takes a test's records away.
    /// Not a whole second, so that a store which cuts milliseconds off is found out.
    const START: &str = "2100-01-02T03:04:05.678Z";

    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Self::START.parse().unwrap())))
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn uptime(&self) -> Duration {
        let start: Timestamp = Self::START.parse().unwrap();
        self.now().duration_since(start).try_into().unwrap()
    }
}

//! A clock that stands still until it is told to move.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use portcullis::domain::clock::Clock;

/// Clones share the time, so that a test and what it tests see the same.
#[derive(Clone, Debug)]
pub(crate) struct FrozenClock(Arc<Mutex<Timestamp>>);

impl FrozenClock {
    /// In the next century, so that no database which tidies up by its own clock takes a test's records away.
    /// Not a whole second, so that a store which cuts milliseconds off is found out.
    pub(crate) fn new() -> Self {
        let start = "2100-01-02T03:04:05.678Z".parse().unwrap();
        Self(Arc::new(Mutex::new(start)))
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

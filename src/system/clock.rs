//! The machine's clocks: the one on the wall, and the one that only runs forward.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::domain::clock::Clock;

/// The wall clock, in whole milliseconds, and a stopwatch that was started with it.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Stopwatch);

impl SystemClock {
    pub fn start() -> Self {
        Self(Stopwatch::start())
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    fn uptime(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Measures how long something takes, whatever happens to the wall clock meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// For stamps on what is logged and traced, which nothing depends on: as fine as the machine tells it.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
pub fn wall() -> Timestamp {
    Timestamp::now()
}

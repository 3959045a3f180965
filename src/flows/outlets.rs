//! Outlets: where events go beside the store, and how that is going.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::{
    domain::{
        clock::{Entropy, NoEntropy},
        event::EventKind,
        outlet::{Holder, OutletName},
    },
    outlets::Way,
    system::meters::Counter,
};

use super::trouble::Trouble;

/// One of them, as this process fills it or would.
pub struct Outlet {
    pub name: OutletName,
    pub way: Box<dyn Way>,
    /// `None` for all.
    pub kinds: Option<Vec<EventKind>>,
    /// Whose events they are, to whoever gets them.
    pub source: String,
    pub course: Course,
    pub(super) holder: Holder,
}

/// How it has gone since the start.
#[derive(Debug, Default)]
pub struct Course {
    pub taken: Counter,
    /// Tries that came to nothing.
    pub failed: Counter,
    /// Events that were refused so often that nobody will try again.
    pub given_up: Counter,
    /// Events that were gone before they could go out.
    pub lost: Counter,
    pub trouble: Trouble,
    behind: AtomicU64,
}

/// Before anybody looked.
const UNKNOWN: u64 = u64::MAX;

impl Outlet {
    pub fn new(
        name: OutletName,
        way: Box<dyn Way>,
        kinds: Option<Vec<EventKind>>,
        source: String,
        entropy: &dyn Entropy,
    ) -> Result<Self, NoEntropy> {
        let course = Course { behind: AtomicU64::new(UNKNOWN), ..Course::default() };
        Ok(Self { name, way, kinds, source, course, holder: Holder::new(entropy)? })
    }

    pub(super) fn wants(&self, kind: EventKind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

impl Course {
    /// Events that have yet to go out, whoever sees to it; `None` before anybody has looked.
    pub fn behind(&self) -> Option<u64> {
        Some(self.behind.load(Ordering::Relaxed)).filter(|behind| *behind != UNKNOWN)
    }

    pub(super) fn see(&self, position: u64, end: u64) {
        self.behind.store(end.saturating_sub(position), Ordering::Relaxed);
    }

    /// Whoever sees to it tells of their troubles.
    pub(super) fn is_elsewhere(&self, position: u64, end: u64) {
        self.see(position, end);
        self.trouble.ends();
    }

    pub(super) fn goes(&self, name: &OutletName) {
        if self.trouble.ends() {
            tracing::info!(outlet = %name, "events go out again");
        }
    }

    pub fn does_not_go(&self, name: &OutletName, cause: &str, now: Duration) {
        self.failed.add_one();
        if self.trouble.goes_on(cause, now) {
            tracing::warn!(outlet = %name, cause, "events do not go out; they wait, and are tried again");
        }
    }
}

//! How the calls to a store fare: how long they take, which of them fail, and which commands are slow.

mod slow;

use crate::system::{
    clock::Stopwatch,
    meters::{Histogram, Label, Labelled},
};

use super::StoreError;

pub use slow::{Slow, TOO_LONG};

/// Of one store, by everybody here who asks it.
#[derive(Debug)]
pub struct Traffic {
    /// Which store it is.
    pub store: &'static str,
    pub reads: Histogram,
    pub writes: Histogram,
    pub failures: Labelled<Trouble>,
    pub slow: Slow,
}

/// One that is under way: counted once it ends, and not where its caller goes away before.
#[must_use]
pub(super) struct Call<'a> {
    traffic: &'a Traffic,
    times: &'a Histogram,
    watch: Stopwatch,
}

/// What went wrong that nobody could do anything about who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Unavailable,
    OutcomeUnknown,
    Broken,
}

impl Traffic {
    pub(super) fn of(store: &'static str) -> Self {
        Self {
            store,
            reads: Histogram::default(),
            writes: Histogram::default(),
            failures: Labelled::default(),
            slow: Slow::default(),
        }
    }

    /// A read that begins now.
    pub(super) fn read(&self) -> Call<'_> {
        Call { traffic: self, times: &self.reads, watch: Stopwatch::start() }
    }

    /// A write that begins now.
    pub(super) fn write(&self) -> Call<'_> {
        Call { traffic: self, times: &self.writes, watch: Stopwatch::start() }
    }
}

impl Call<'_> {
    pub(super) fn ends<T>(self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        self.times.observe(self.watch.elapsed());
        if let Some(trouble) = answer.as_ref().err().and_then(Trouble::of) {
            self.traffic.failures.add_one(trouble);
        }
        answer
    }
}

impl Trouble {
    /// That something is taken or stale is an answer like any other.
    const fn of(error: &StoreError) -> Option<Self> {
        match error {
            StoreError::Unavailable(_) => Some(Self::Unavailable),
            StoreError::OutcomeUnknown(_) => Some(Self::OutcomeUnknown),
            StoreError::Broken(_) => Some(Self::Broken),
            StoreError::Taken | StoreError::Stale => None,
        }
    }
}

impl Label for Trouble {
    const ALL: &'static [Self] = &[Self::Unavailable, Self::OutcomeUnknown, Self::Broken];

    fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Broken => "broken",
        }
    }
}

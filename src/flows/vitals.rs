//! Take the vitals of the store now and then, and remember them for whoever asks how we are.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    domain::clock::Clock,
    store::{Store, StoreError, Vitals},
};

use super::{Failure, Services};

/// Those that were taken last; none before the first time, nor once they could not be.
#[derive(Debug, Default)]
pub struct LastVitals {
    last: Mutex<Option<Taken>>,
    checks: Mutex<VecDeque<Checks>>,
}

/// How many checks had been answered from memory, and how many not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    pub hits: u64,
    pub misses: u64,
}

/// Looks that are remembered; as there is one a minute, what is compared with the oldest is of the last ten.
const LOOKS: usize = 10;

#[derive(Clone, Debug)]
pub struct Taken {
    pub vitals: Vitals,
    /// What the store's clock said, and ours at that moment.
    pub clocks: Option<(Timestamp, Timestamp)>,
}

pub async fn take_vitals(services: &Services) -> Result<(), Failure<Infallible>> {
    services.vitals.note(Checks::so_far(services));
    let taken = Taken::now(&*services.store, &*services.clock).await;
    let mut last = services.vitals.last.lock().unwrap_or_else(PoisonError::into_inner);
    let (taken, outcome) = match taken {
        Ok(taken) => (Some(taken), Ok(())),
        Err(error) => (None, Err(error.into())),
    };
    *last = taken;
    outcome
}

impl LastVitals {
    pub fn get(&self) -> Option<Taken> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, checks: Checks) {
        let mut looks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.push_back(checks);
        if looks.len() > LOOKS {
            looks.pop_front();
        }
    }

    /// Of those so far, the ones of the last ten minutes.
    pub(super) fn lately(&self, so_far: Checks) -> Checks {
        let looks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let before = looks.front().copied().unwrap_or_default();
        // Somebody may have looked after they were counted.
        Checks {
            hits: so_far.hits.saturating_sub(before.hits),
            misses: so_far.misses.saturating_sub(before.misses),
        }
    }
}

impl Checks {
    pub(super) fn so_far(services: &Services) -> Self {
        let figures = services.memory.figures();
        Self { hits: figures.hits, misses: figures.misses }
    }
}

impl Taken {
    pub(super) async fn now(store: &dyn Store, clock: &dyn Clock) -> Result<Self, StoreError> {
        let vitals = store.vitals().await?;
        let theirs = store.time().await?;
        Ok(Self { vitals, clocks: theirs.map(|theirs| (theirs, clock.now())) })
    }

    /// How far the store's clock is ahead of ours.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.clocks.map(|(theirs, ours)| theirs.duration_since(ours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_those_of_the_last_ten_looks() {
        let (vitals, checks) = (LastVitals::default(), |hits, misses| Checks { hits, misses });
        assert_eq!(vitals.lately(checks(7, 3)), checks(7, 3));
        for look in 0..30 {
            vitals.note(checks(look * 100, look));
        }
        assert_eq!(vitals.lately(checks(3_000, 90)), checks(1_000, 70));
    }
}

//! Take the vitals of the store now and then, and remember them for whoever asks how we are.

use std::{
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
pub struct LastVitals(Mutex<Option<Taken>>);

#[derive(Clone, Debug)]
pub struct Taken {
    pub vitals: Vitals,
    /// What the store's clock said, and ours at that moment.
    pub clocks: Option<(Timestamp, Timestamp)>,
}

pub async fn take_vitals(services: &Services) -> Result<(), Failure<Infallible>> {
    let taken = Taken::now(&*services.store, &*services.clock).await;
    let mut last = services.vitals.0.lock().unwrap_or_else(PoisonError::into_inner);
    let (taken, outcome) = match taken {
        Ok(taken) => (Some(taken), Ok(())),
        Err(error) => (None, Err(error.into())),
    };
    *last = taken;
    outcome
}

impl LastVitals {
    pub fn get(&self) -> Option<Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
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

//! How a verb can end badly.

use std::time::Duration;

use crate::{
    domain::clock::NoEntropy,
    store::{BoxError, StoreError},
    system::{hashing, jwt::JwtError, vault::VaultError},
};

/// Refusals, races and breakage are kept apart, so that no handler has to think.
/// Its words are for the log.
#[derive(Debug, thiserror::Error)]
pub enum Failure<R> {
    /// The caller may be told why.
    #[error("{0}")]
    Refused(R),
    /// Someone else changed the record first; asking again may succeed.
    #[error("somebody else changed the record first")]
    Raced,
    /// Too much of it was tried; nothing was looked at.
    #[error("too much of it was tried")]
    Throttled { retry_after: Duration },
    /// Too much is asked of us at once; nothing happened.
    #[error("too much is asked of us at once")]
    Busy { retry_after: Duration },
    /// The store could not be asked; nothing happened.
    #[error("the store is unavailable: {0}")]
    Unavailable(BoxError),
    /// The store was asked and nobody knows whether it happened; never reported as failed.
    #[error("nobody knows whether it happened: {0}")]
    OutcomeUnknown(BoxError),
    /// Our side is broken: for the log, never for the caller.
    #[error("{0}")]
    Broken(BoxError),
}

impl<R> Failure<R> {
    /// As the failure of a verb that calls this one: its refusals are among the other's.
    pub(super) fn refused_by<S>(self, refuse: impl FnOnce(R) -> S) -> Failure<S> {
        match self.reason() {
            Ok(reason) => Failure::Refused(refuse(reason)),
            Err(failure) => failure,
        }
    }

    /// Why it was refused, or the failure that is no refusal.
    pub(super) fn reason<S>(self) -> Result<R, Failure<S>> {
        Err(match self {
            Self::Refused(reason) => return Ok(reason),
            Self::Raced => Failure::Raced,
            Self::Throttled { retry_after } => Failure::Throttled { retry_after },
            Self::Busy { retry_after } => Failure::Busy { retry_after },
            Self::Unavailable(source) => Failure::Unavailable(source),
            Self::OutcomeUnknown(source) => Failure::OutcomeUnknown(source),
            Self::Broken(source) => Failure::Broken(source),
        })
    }
}

/// Where to be refused is no failure, it is to be nobody.
pub(super) fn unless_refused<T, R, S>(outcome: Result<T, Failure<R>>) -> Result<Option<T>, Failure<S>> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(failure) => failure.reason().map(|_| None),
    }
}

impl<R> From<VaultError> for Failure<R> {
    fn from(error: VaultError) -> Self {
        Self::Broken(error.into())
    }
}

impl<R> From<JwtError> for Failure<R> {
    fn from(error: JwtError) -> Self {
        Self::Broken(error.into())
    }
}

impl<R> From<StoreError> for Failure<R> {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => Self::Unavailable(source),
            StoreError::OutcomeUnknown(source) => Self::OutcomeUnknown(source),
            StoreError::Stale => Self::Raced,
            StoreError::Taken | StoreError::Broken(_) => Self::Broken(error.into()),
        }
    }
}

impl<R> From<NoEntropy> for Failure<R> {
    fn from(error: NoEntropy) -> Self {
        Self::Broken(error.into())
    }
}

impl<R> From<hashing::Refused> for Failure<R> {
    fn from(refused: hashing::Refused) -> Self {
        match refused {
            hashing::Refused::Full { retry_after } => Self::Busy { retry_after },
            hashing::Refused::TooDear | hashing::Refused::Stopped => Self::Broken(refused.into()),
        }
    }
}

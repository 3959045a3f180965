//! What one can do: one verb per file, each of which reads, lets the domain decide, and writes.

pub mod authenticate;
pub mod open_store;
pub mod probe;
pub mod purge;
pub mod readiness;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;

use std::{net::IpAddr, sync::Arc, time::Duration};

use crate::{
    domain::{
        clock::{Clock, Entropy, NoEntropy, random},
        cost::Cost,
        device::Device,
        id::SessionId,
        password::Candidate,
        policy::{Lifetimes, PasswordPolicy},
        secret::{Secret, SecretDigest},
        session::{EndReason, Ended, Session},
        stored_hash::{Recipe, StoredHash},
        user::User,
    },
    store::{BoxError, Store, StoreError},
    system::hashing::{self, HashingPool},
};

use readiness::Readiness;

/// The world outside, as far as a verb needs it.
pub struct Services {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub hashing: HashingPool,
    pub readiness: Readiness,
    pub rules: Rules,
}

/// What the configuration decides about verbs.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub cost: Cost,
    pub passwords: PasswordPolicy,
    pub lifetimes: Lifetimes,
}

/// How a verb can end badly; refusals, races and breakage are kept apart, so that no handler has to think.
/// Its words are for the log.
#[derive(Debug, thiserror::Error)]
pub enum Failure<R> {
    /// The caller may be told why.
    #[error("{0}")]
    Refused(R),
    /// Someone else changed the record first; asking again may succeed.
    #[error("somebody else changed the record first")]
    Raced,
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

/// Somebody who has just proved who they are.
pub struct SignedIn {
    pub user: User,
    pub session: Session,
    pub secret: Secret,
}

impl Services {
    /// Makes a stored hash of a password, at today's cost.
    async fn hash<R>(&self, candidate: Candidate, from: Option<IpAddr>) -> Result<StoredHash, Failure<R>> {
        let recipe = Recipe::new(self.rules.cost, random(&*self.entropy)?);
        let derived = self.hashing.derive(candidate, recipe.clone(), from).await?;
        Ok(StoredHash::new(recipe, &derived))
    }

    /// Opens a session for a user who has just typed the right password, in place of those the browser held, whosesoever
    /// they were. The new one is handed out only once the old ones are over: where one of them cannot be ended, nobody
    /// ever learns the secret of what was opened.
    async fn begin_session<R>(
        &self,
        user: User,
        device: Device,
        replaces: &[SecretDigest],
    ) -> Result<SignedIn, Failure<R>> {
        let now = self.clock.now();
        let secret = Secret::generate(&*self.entropy)?;
        let id = SessionId::new(now, &*self.entropy)?;
        let session = Session::begin(id, &user, secret.digest(), device, self.rules.lifetimes, now);
        self.store.add_session(&session).await?;
        self.end_sessions(replaces, EndReason::Replaced).await?;
        Ok(SignedIn { user, session, secret })
    }

    /// One after another, so that a request holds one place in the store's line however many secrets it brings.
    /// What has ended, or never was, is no failure.
    async fn end_sessions<R>(&self, secrets: &[SecretDigest], reason: EndReason) -> Result<(), Failure<R>> {
        let ended = Ended { at: self.clock.now(), reason };
        for secret in secrets {
            self.store.end_session(secret, ended).await?;
        }
        Ok(())
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

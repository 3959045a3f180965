//! Check a password: against the hash it should have made, and against those that may not be chosen again.

use std::net::IpAddr;

use crate::{
    domain::{
        event::{Circumstances, EventKind, Happening},
        password::Candidate,
        policy::NewPassword,
        stored_hash::StoredHash,
        user::User,
    },
    system::hashing::Refused,
};

use super::{Failure, Services, memory::Remembered};

/// Why somebody who is signed in may not do what takes their password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OwnerRefusal {
    /// The session that asks has itself ended since it was recognised.
    #[error("the session that asks has ended")]
    SignedOut,
    #[error("the password is another")]
    InvalidCredentials,
}

impl Services {
    /// Whoever asks, as the store has them now, if this is their password.
    pub(super) async fn owner(
        &self,
        caller: &Remembered,
        password: Candidate,
        from: &Circumstances,
    ) -> Result<User, Failure<OwnerRefusal>> {
        let network = from.network;
        self.hashing.has_room(self.rules.cost, network)?;
        let user = self.as_it_is(caller).await?.ok_or(Failure::Refused(OwnerRefusal::SignedOut))?;
        let tried = self.try_own_password(&user).await?;
        let next_waits = tried.next_waits;
        match self.matches(&password, &user, user.hash(), network).await {
            Ok(true) => {
                self.forget(tried).await?;
                return Ok(user);
            }
            Ok(false) => {}
            Err(failure) => return Err(self.take_back(tried, failure).await),
        }
        let rejected = Happening::by_user(EventKind::PasswordRejected, user.id(), from);
        let rejected = rejected.of_session(caller.session.id);
        self.noted(rejected.clone()).await?;
        if next_waits {
            self.noted(rejected.leads_to(EventKind::Throttled)).await?;
        }
        Err(Failure::Refused(OwnerRefusal::InvalidCredentials))
    }

    /// A hash that there is no memory for any more is nobody's.
    pub(super) async fn matches<R>(
        &self,
        candidate: &Candidate,
        user: &User,
        hash: &StoredHash,
        from: Option<IpAddr>,
    ) -> Result<bool, Failure<R>> {
        match self.hashing.derive(candidate.clone(), hash.recipe().clone(), from).await {
            Err(Refused::TooDear) => {
                tracing::error!(user = %user.id(), algorithm = %hash.recipe().algorithm, "no memory to check a stored hash");
                Ok(false)
            }
            derived => Ok(hash.matches(&derived?)),
        }
    }

    /// Whether it is none of those that are remembered. It takes one hash for each, but for the present one where that has just been
    /// typed.
    pub(super) async fn is_new<R>(
        &self,
        current: Option<&Candidate>,
        new: &NewPassword,
        user: &User,
        from: Option<IpAddr>,
    ) -> Result<bool, Failure<R>> {
        let (remembered, new) = (self.rules.remembered_passwords, new.as_candidate());
        if remembered == 0 {
            return Ok(true);
        }
        let reused = match current {
            Some(current) => new.as_bytes() == current.as_bytes(),
            None => self.matches(new, user, user.hash(), from).await?,
        };
        if reused {
            return Ok(false);
        }
        for old in user.attrs().password.history.iter().take(remembered - 1) {
            if self.matches(new, user, old, from).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

//! Sign up: an address and a password become a user, who is signed in at once.

use crate::domain::{
    email::Email,
    id::UserId,
    policy::NewPassword,
    user::{User, UserAttrs},
};

use super::{Arrival, Failure, Services, SignedIn};
use crate::store::StoreError;

pub struct SignUp {
    pub email: Email,
    pub password: NewPassword,
    pub arrival: Arrival,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignUpRefusal {
    #[error("the address is somebody's")]
    EmailInUse,
}

/// The unique index decides who gets the address; nobody looks first.
pub async fn sign_up(services: &Services, wish: SignUp) -> Result<SignedIn, Failure<SignUpRefusal>> {
    let hash = services.hash(wish.password.into_candidate(), wish.arrival.device.network()).await?;
    let now = services.clock.now();
    let id = UserId::new(now, &*services.entropy)?;
    let user = User::build(UserAttrs::new(id, wish.email, hash, now));

    match services.store.add_user(&user).await {
        Err(StoreError::Taken) => return Err(Failure::Refused(SignUpRefusal::EmailInUse)),
        added => added?,
    }
    let begun = services.begin_session(user, wish.arrival).await.map_err(after_the_user_was_added)?;
    begun.ok_or(Failure::Raced)
}

/// The account exists by now, so a failure may no longer claim that nothing happened.
fn after_the_user_was_added(failure: Failure<SignUpRefusal>) -> Failure<SignUpRefusal> {
    match failure {
        Failure::Unavailable(source) => Failure::OutcomeUnknown(source),
        other => other,
    }
}

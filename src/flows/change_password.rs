//! Change a password: whoever knows the present one chooses another, and every other session ends.

use std::net::IpAddr;

use crate::{
    domain::{
        password::Candidate,
        policy::{NewPassword, PasswordPolicy, Unfit},
        stored_hash::StoredHash,
        user::User,
    },
    store::StoreError,
};

use super::{Failure, Services, memory::Remembered};

pub struct ChangePassword {
    pub current: Candidate,
    pub new: Candidate,
    pub from: Option<IpAddr>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefusal {
    /// The session that asks has itself ended since it was recognised.
    #[error("the session that asks has ended")]
    SignedOut,
    #[error("the present password is another")]
    InvalidCredentials,
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error("the password was used before")]
    Reused,
}

/// How often somebody else may change the user first.
const ATTEMPTS: usize = 5;

/// Who has no right to change it learns nothing of the new one: the present one is asked for first.
pub async fn change_password(
    services: &Services,
    caller: &Remembered,
    wish: ChangePassword,
) -> Result<(), Failure<ChangeRefusal>> {
    let ChangePassword { current, new, from } = wish;
    let user = as_it_is(services, caller).await?;
    must_match(services, current, user.hash(), from).await?;
    let new = fit(services.rules.passwords, new, &user)?;
    must_be_new(services, &new, &user, from).await?;
    let hash = services.hash(new.into_candidate(), from).await?;
    replace(services, caller, user, &hash).await
}

/// Not from memory: a session that has ended must not keep itself.
async fn as_it_is(services: &Services, caller: &Remembered) -> Result<User, Failure<ChangeRefusal>> {
    let found = services.store.session_by_id(caller.session.id).await?;
    let found = found.filter(|(session, user)| session.holds(user, services.clock.now()));
    found.map(|(_, user)| user).ok_or(Failure::Refused(ChangeRefusal::SignedOut))
}

async fn must_match(
    services: &Services,
    current: Candidate,
    hash: &StoredHash,
    from: Option<IpAddr>,
) -> Result<(), Failure<ChangeRefusal>> {
    let derived = services.hashing.derive(current, hash.recipe().clone(), from).await?;
    if hash.matches(&derived) { Ok(()) } else { Err(Failure::Refused(ChangeRefusal::InvalidCredentials)) }
}

fn fit(policy: PasswordPolicy, new: Candidate, user: &User) -> Result<NewPassword, Failure<ChangeRefusal>> {
    policy.admit(new, Some(&user.attrs().email)).map_err(|unfit| Failure::Refused(unfit.into()))
}

/// One hash for each that is remembered.
async fn must_be_new(
    services: &Services,
    new: &NewPassword,
    user: &User,
    from: Option<IpAddr>,
) -> Result<(), Failure<ChangeRefusal>> {
    for old in user.remembered(services.rules.remembered_passwords) {
        let derived = services.hashing.derive(new.as_candidate().clone(), old.recipe().clone(), from).await?;
        if old.matches(&derived) {
            return Err(Failure::Refused(ChangeRefusal::Reused));
        }
    }
    Ok(())
}

/// Whoever changed the user meanwhile is not overwritten, unless what they changed is the password: then nobody knows any more
/// whether this one was to be.
async fn replace(
    services: &Services,
    caller: &Remembered,
    user: User,
    hash: &StoredHash,
) -> Result<(), Failure<ChangeRefusal>> {
    let (checked, kept) = (user.attrs().password.changed_at, Some(caller.session.id));
    let mut user = user;
    for _ in 0..ATTEMPTS {
        let changed = user.change_password(
            hash.clone(),
            services.rules.remembered_passwords,
            kept,
            services.clock.now(),
        );
        let replaced = services.store.replace_user(&changed).await;
        services.memory.forget_user(changed.id());
        match replaced {
            Err(StoreError::Stale) => {}
            replaced => return Ok(replaced?),
        }
        user = as_it_is(services, caller).await?;
        if user.attrs().password.changed_at != checked {
            return Err(Failure::Raced);
        }
    }
    Err(Failure::Raced)
}

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
    system::hashing::Refused,
};

use super::{ATTEMPTS, Failure, Services, memory::Remembered};

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

/// Who has no right to change it learns nothing of the new one: the present one is asked for first.
pub async fn change_password(
    services: &Services,
    caller: &Remembered,
    wish: ChangePassword,
) -> Result<(), Failure<ChangeRefusal>> {
    let ChangePassword { current, new, from } = wish;
    services.hashing.has_room(services.rules.cost, from)?;
    let user = services.as_it_is(caller).await?.ok_or(Failure::Refused(ChangeRefusal::SignedOut))?;
    must_match(services, &current, &user, from).await?;
    let new = fit(services.rules.passwords, new, &user)?;
    must_be_new(services, &current, &new, &user, from).await?;
    let hash = services.hash(new.into_candidate(), from).await?;
    replace(services, caller, user, &hash).await
}

async fn must_match(
    services: &Services,
    current: &Candidate,
    user: &User,
    from: Option<IpAddr>,
) -> Result<(), Failure<ChangeRefusal>> {
    let is_theirs = matches(services, current, user, user.hash(), from).await?;
    if is_theirs { Ok(()) } else { Err(Failure::Refused(ChangeRefusal::InvalidCredentials)) }
}

/// A hash that there is no memory for any more is nobody's.
async fn matches(
    services: &Services,
    candidate: &Candidate,
    user: &User,
    hash: &StoredHash,
    from: Option<IpAddr>,
) -> Result<bool, Failure<ChangeRefusal>> {
    match services.hashing.derive(candidate.clone(), hash.recipe().clone(), from).await {
        Err(Refused::TooDear) => {
            tracing::error!(user = %user.id(), algorithm = %hash.recipe().algorithm, "no memory to check a stored hash");
            Ok(false)
        }
        derived => Ok(hash.matches(&derived?)),
    }
}

fn fit(policy: PasswordPolicy, new: Candidate, user: &User) -> Result<NewPassword, Failure<ChangeRefusal>> {
    policy.admit(new, Some(&user.attrs().email)).map_err(|unfit| Failure::Refused(unfit.into()))
}

/// One hash for each that is remembered, but for the present one, which has just been typed.
async fn must_be_new(
    services: &Services,
    current: &Candidate,
    new: &NewPassword,
    user: &User,
    from: Option<IpAddr>,
) -> Result<(), Failure<ChangeRefusal>> {
    let remembered = services.rules.remembered_passwords;
    let mut reused = remembered > 0 && new.as_candidate().as_bytes() == current.as_bytes();
    for old in user.attrs().password.history.iter().take(remembered.saturating_sub(1)) {
        reused = reused || matches(services, new.as_candidate(), user, old, from).await?;
    }
    if reused { Err(Failure::Refused(ChangeRefusal::Reused)) } else { Ok(()) }
}

/// Whoever changed the user meanwhile is not overwritten, unless what they changed is the password: what was typed as the present
/// one has not been checked against that.
async fn replace(
    services: &Services,
    caller: &Remembered,
    user: User,
    hash: &StoredHash,
) -> Result<(), Failure<ChangeRefusal>> {
    let (checked, kept) = (user.hash().clone(), Some(caller.session.id));
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
        user = services.as_it_is(caller).await?.ok_or(Failure::Refused(ChangeRefusal::SignedOut))?;
        if *user.hash() != checked {
            return Err(Failure::Raced);
        }
    }
    Err(Failure::Raced)
}

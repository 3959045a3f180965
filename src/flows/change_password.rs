//! Change a password: whoever knows the present one chooses another, and every other session ends.

use crate::{
    domain::{
        device_token::DeviceTokens,
        event::{Circumstances, EventKind, Happening},
        letter::LetterKind,
        password::Candidate,
        policy::Unfit,
        stored_hash::StoredHash,
        user::User,
    },
    store::StoreError,
};

use super::{ATTEMPTS, Failure, Services, check_password::OwnerRefusal, memory::Remembered};

pub struct ChangePassword {
    pub current: Candidate,
    pub new: Candidate,
    pub from: Circumstances,
    /// What their browser has of earlier sign-ins.
    pub known: DeviceTokens,
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

impl From<OwnerRefusal> for ChangeRefusal {
    fn from(refusal: OwnerRefusal) -> Self {
        match refusal {
            OwnerRefusal::SignedOut => Self::SignedOut,
            OwnerRefusal::InvalidCredentials => Self::InvalidCredentials,
        }
    }
}

/// Who has no right to change it learns nothing of the new one: the present one is asked for first. What other browsers were known by
/// ends with the old one.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn change_password(
    services: &Services,
    caller: &Remembered,
    wish: ChangePassword,
) -> Result<DeviceTokens, Failure<ChangeRefusal>> {
    let ChangePassword { current, new, from, known } = wish;
    let owner = services.owner(caller, current.clone(), &from).await;
    let user = owner.map_err(|failure| failure.refused_by(ChangeRefusal::from))?;
    let new = services.rules.passwords.admit(new, Some(&user.attrs().email));
    let new = new.map_err(|unfit| Failure::Refused(unfit.into()))?;
    if !services.is_new(Some(&current), &new, &user, from.network).await? {
        return Err(Failure::Refused(ChangeRefusal::Reused));
    }
    let hash = services.hash(new.into_candidate(), from.network).await?;
    let changed = Happening::by_user(EventKind::PasswordChanged, user.id(), &from);
    let user = replace(services, caller, user, &hash).await?;
    services.did(changed.of_session(caller.session.id)).await?;
    services.known_anew(&user, known)
}

/// Whoever changed the user meanwhile is not overwritten, unless what they changed is the password: what was typed as the present
/// one has not been checked against that.
async fn replace(
    services: &Services,
    caller: &Remembered,
    user: User,
    hash: &StoredHash,
) -> Result<User, Failure<ChangeRefusal>> {
    let (checked, kept) = (user.hash().clone(), Some(caller.session.id));
    let email = user.attrs().email.clone();
    let notice = services.notice_if_any(LetterKind::PasswordChanged, &email)?;
    let mut user = user;
    for _ in 0..ATTEMPTS {
        let changed = user.change_password(
            hash.clone(),
            services.rules.remembered_passwords,
            kept,
            services.clock.now(),
        );
        let changed = notice.iter().cloned().fold(changed, User::write_to);
        let replaced = services.store.replace_user(&changed).await;
        services.memory.forget_user(changed.id());
        match replaced {
            Err(StoreError::Stale) => {}
            replaced => {
                replaced?;
                services.post.bell.notify_one();
                return Ok(changed);
            }
        }
        user = services.as_it_is(caller).await?.ok_or(Failure::Refused(ChangeRefusal::SignedOut))?;
        if *user.hash() != checked {
            return Err(Failure::Raced);
        }
    }
    Err(Failure::Raced)
}

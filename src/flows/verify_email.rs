//! Verify an address: whoever has the token of a mail reads what is sent there, and what was asked for happens.

use crate::{
    domain::{
        challenge::{Challenge, Purpose},
        email::Email,
        mail_token::MailToken,
        stored_hash::StoredHash,
        user::User,
    },
    store::StoreError,
};

use super::{ATTEMPTS, Failure, Services, post::By};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyRefusal {
    /// Unknown, used, expired, or for something else: nobody outside may tell them apart.
    #[error("the token is none that holds")]
    TokenInvalid,
    #[error("the address is somebody else's by now")]
    EmailInUse,
}

/// The token says whose it is; a request cannot.
pub async fn verify_email(services: &Services, token: &MailToken) -> Result<(), Failure<VerifyRefusal>> {
    for _ in 0..ATTEMPTS {
        let user = services.store.user(token.user).await?.filter(User::is_active);
        let user = user.ok_or(Failure::Refused(VerifyRefusal::TokenInvalid))?;
        let challenge = user.challenged(&token.secret.digest(), services.clock.now()).cloned();
        let challenge = challenge.ok_or(Failure::Refused(VerifyRefusal::TokenInvalid))?;
        let changed = spend(services, user, challenge).await?;
        let replaced = services.store.replace_user(&changed).await;
        services.memory.forget_user(changed.id());
        match replaced {
            Err(StoreError::Stale) => {}
            Err(StoreError::Taken) => return Err(Failure::Refused(VerifyRefusal::EmailInUse)),
            replaced => {
                replaced?;
                services.post.bell.notify_one();
                return Ok(());
            }
        }
    }
    Err(Failure::Raced)
}

/// The user as they are once the challenge is spent, and has done what it was for.
async fn spend(
    services: &Services,
    user: User,
    challenge: Challenge,
) -> Result<User, Failure<VerifyRefusal>> {
    let now = services.clock.now();
    match challenge.purpose {
        Purpose::Verify if challenge.email == user.attrs().email => Ok(user.verify_address(now)),
        Purpose::Verify | Purpose::Reset => Err(Failure::Refused(VerifyRefusal::TokenInvalid)),
        Purpose::Move => tell_the_old_address(services, user, challenge.email).await,
        Purpose::Return => {
            let nobody_s = StoredHash::of_nobody(services.rules.cost, &*services.entropy)?;
            let returned = user.return_to(challenge.email.clone(), nobody_s, now);
            // The way on, which no limit may close.
            let (reset, letter) = services.challenge(returned.id(), Purpose::Reset, &challenge.email)?;
            Ok(returned.challenge(reset, letter, now))
        }
    }
}

async fn tell_the_old_address(
    services: &Services,
    user: User,
    new: Email,
) -> Result<User, Failure<VerifyRefusal>> {
    let (now, old) = (services.clock.now(), user.attrs().email.clone());
    let moved = user.move_to(new, now);
    // Another spelling of the same mailbox leaves nobody behind.
    if moved.attrs().email == old || !services.may_write_to(&old, By::Owner).await? {
        return Ok(moved);
    }
    let (back, letter) = services.challenge(moved.id(), Purpose::Return, &old)?;
    Ok(moved.challenge(back, letter, now))
}

//! Verify an address: whoever has the token of a mail reads what is sent there, and what was asked for happens.

use crate::{
    domain::{
        challenge::{Challenge, Purpose},
        email::Email,
        event::{Actor, Circumstances, EventKind, Happening, Reason},
        letter::LetterKind,
        mail_token::MailToken,
        stored_hash::StoredHash,
        user::User,
    },
    store::StoreError,
};

use super::{ATTEMPTS, Failure, Services, throttle::Asking};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyRefusal {
    /// Unknown, used, expired, or for something else: nobody outside may tell them apart.
    #[error("the token is none that holds")]
    TokenInvalid,
    #[error("the address is somebody else's by now")]
    EmailInUse,
}

/// The token says whose it is; a request cannot.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn verify_email(
    services: &Services,
    token: &MailToken,
    from: &Circumstances,
) -> Result<(), Failure<VerifyRefusal>> {
    let done = use_up(services, token, from).await;
    if matches!(done, Err(Failure::Refused(VerifyRefusal::TokenInvalid))) {
        services.spend_from_budget(Asking::TokenFromMail, from).await?;
    }
    done
}

async fn use_up(
    services: &Services,
    token: &MailToken,
    from: &Circumstances,
) -> Result<(), Failure<VerifyRefusal>> {
    for _ in 0..ATTEMPTS {
        let (user, challenge) = challenged(services, token).await?;
        let changed = spend(services, user, &challenge)?;
        let replaced = services.store.replace_user(&changed).await;
        services.memory.forget_user(changed.id());
        match replaced {
            Err(StoreError::Stale) => {}
            Err(StoreError::Taken) if makes_way(services, &challenge).await? => {}
            Err(StoreError::Taken) => return Err(Failure::Refused(VerifyRefusal::EmailInUse)),
            replaced => {
                replaced?;
                services.post.bell.notify_one();
                let done = done(challenge.purpose);
                return services.did(Happening::by_user(done, changed.id(), from)).await;
            }
        }
    }
    Err(Failure::Raced)
}

const fn done(by: Purpose) -> EventKind {
    match by {
        Purpose::Verify | Purpose::Reset => EventKind::EmailVerified,
        Purpose::Move => EventKind::EmailChanged,
        Purpose::Return => EventKind::EmailReturned,
    }
}

async fn challenged(
    services: &Services,
    token: &MailToken,
) -> Result<(User, Challenge), Failure<VerifyRefusal>> {
    let now = services.clock.now();
    let user = services.store.user(token.user).await?;
    let user = user.filter(|user| user.is_active() && !user.is_gone(now));
    let user = user.ok_or(Failure::Refused(VerifyRefusal::TokenInvalid))?;
    let challenge = user.challenged(&token.secret.digest(), now).cloned();
    Ok((user, challenge.ok_or(Failure::Refused(VerifyRefusal::TokenInvalid))?))
}

/// The user as they are once the challenge is spent, and has done what it was for.
fn spend(services: &Services, user: User, challenge: &Challenge) -> Result<User, Failure<VerifyRefusal>> {
    let now = services.clock.now();
    match challenge.purpose {
        Purpose::Verify if challenge.email == user.attrs().email => Ok(user.verify_address(now)),
        Purpose::Verify | Purpose::Reset => Err(Failure::Refused(VerifyRefusal::TokenInvalid)),
        Purpose::Move => go(services, user, &challenge.email),
        Purpose::Return => come_back(services, user, challenge),
    }
}

/// The old address is told, and given a way back.
fn go(services: &Services, user: User, new: &Email) -> Result<User, Failure<VerifyRefusal>> {
    let (now, old) = (services.clock.now(), user.attrs().email.clone());
    let moved = user.move_to(new.clone(), now);
    // Another spelling of the same mailbox leaves nobody behind.
    if moved.attrs().email == old {
        return Ok(moved);
    }
    let (back, letter) = services.challenge(moved.id(), Purpose::Return, &old)?;
    Ok(moved.challenge(back, letter, now))
}

/// The address that the account had meanwhile is told, and the one that it has again is mailed the way on.
fn come_back(services: &Services, user: User, by: &Challenge) -> Result<User, Failure<VerifyRefusal>> {
    let now = services.clock.now();
    let told = services.notice(LetterKind::Returned, &user.attrs().email)?;
    let nobody_s = StoredHash::of_nobody(services.rules.cost, &*services.entropy)?;
    let returned = user.return_to(by, nobody_s, services.rules.remembered_passwords, now);
    let (reset, letter) =
        services.challenge_by(returned.id(), Purpose::Reset, LetterKind::Regained, &by.email)?;
    Ok(returned.write_to(told).challenge(reset, letter, now))
}

/// Whoever took the address of somebody who comes back, and never proved that they read its mail, has no right to it: their account
/// goes. `false` where they have proved it.
async fn makes_way(services: &Services, challenge: &Challenge) -> Result<bool, Failure<VerifyRefusal>> {
    if challenge.purpose != Purpose::Return {
        return Ok(false);
    }
    let now = services.clock.now();
    let Some(other) = services.store.user_by_email(&challenge.email).await? else { return Ok(true) };
    if other.attrs().email_verified_at.is_some() {
        return Ok(false);
    }
    match services.store.replace_user(&other.clone().leave_at_once(now)).await {
        Err(StoreError::Stale) => return Ok(true),
        replaced => replaced?,
    }
    services.memory.forget_user(other.id());
    services.store.erase_user(other.id(), now).await?;
    let erased = Happening::by(Actor::Service, EventKind::UserErased).because(Reason::MadeWay);
    services.did(erased.to(other.id())).await?;
    tracing::info!(user = %other.id(), "erased an account whose address is somebody's who came back to it");
    Ok(true)
}

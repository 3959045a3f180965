//! Reset the password: whoever has the token of a mail chooses another one, and every session ends.

use crate::domain::{
    challenge::Purpose,
    device_token::DeviceTokens,
    event::{Circumstances, EventKind, Happening},
    letter::LetterKind,
    mail_token::MailToken,
    password::Candidate,
    policy::Unfit,
    user::User,
};

use super::{Failure, Services, throttle::Asking};

pub struct ResetPassword {
    pub token: MailToken,
    pub new: Candidate,
    pub from: Circumstances,
    /// What their browser has of earlier sign-ins.
    pub known: DeviceTokens,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResetRefusal {
    /// Unknown, used, expired, or for something else: nobody outside may tell them apart.
    #[error("the token is none that holds")]
    TokenInvalid,
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error("the password was used before")]
    Reused,
}

/// The token says whose password it is; a request cannot. Nobody is signed in by it, but their browser is known from now on: there no
/// stranger's tries keep them from signing in.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn reset_password(
    services: &Services,
    wish: ResetPassword,
) -> Result<DeviceTokens, Failure<ResetRefusal>> {
    let from = wish.from.clone();
    let done = choose(services, wish).await;
    if matches!(done, Err(Failure::Refused(ResetRefusal::TokenInvalid))) {
        services.spend_from_budget(Asking::TokenFromMail, &from).await?;
    }
    done
}

async fn choose(services: &Services, wish: ResetPassword) -> Result<DeviceTokens, Failure<ResetRefusal>> {
    let ResetPassword { token, new, from, known } = wish;
    let network = from.network;
    services.hashing.has_room(services.rules.cost, network)?;
    let user = services.store.user(token.user).await?.ok_or(Failure::Refused(ResetRefusal::TokenInvalid))?;
    must_hold(services, &token, &user)?;
    let email = user.attrs().email.clone();
    let new = services.rules.passwords.admit(new, Some(&email));
    let new = new.map_err(|unfit| Failure::Refused(unfit.into()))?;
    if !services.is_new(None, &new, &user, network).await? {
        return Err(Failure::Refused(ResetRefusal::Reused));
    }
    let hash = services.hash(new.into_candidate(), network).await?;
    let chosen_at = services.clock.now();
    services.forget_all_tries(&user, network).await?;
    let notice = services.notice_if_any(LetterKind::PasswordChanged, &email)?;
    let chosen =
        |user: User| user.reset_password(hash.clone(), services.rules.remembered_passwords, chosen_at);
    let devices = services.known_anew(&chosen(user.clone()), known)?;
    let reset = Happening::by_user(EventKind::PasswordReset, user.id(), &from);
    services
        .change(user, |user| {
            // Of two who come with the same token the second finds it spent.
            must_hold(services, &token, &user)?;
            Ok(Some(notice.iter().cloned().fold(chosen(user), User::write_to)))
        })
        .await?;
    services.did(reset).await?;
    Ok(devices)
}

fn must_hold(services: &Services, token: &MailToken, user: &User) -> Result<(), Failure<ResetRefusal>> {
    let challenge = user.challenged(&token.secret.digest(), services.clock.now());
    let holds = challenge.is_some_and(|challenge| {
        challenge.purpose == Purpose::Reset && challenge.email == user.attrs().email
    });
    if holds && user.is_active() && !user.is_gone(services.clock.now()) {
        Ok(())
    } else {
        Err(Failure::Refused(ResetRefusal::TokenInvalid))
    }
}

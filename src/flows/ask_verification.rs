//! Ask for verification: somebody who is signed in is mailed a link that proves their address.

use crate::domain::{
    challenge::Purpose,
    event::{Circumstances, EventKind, Happening},
};

use super::{Failure, Services, end_all_sessions::SignedOut, memory::Remembered};

/// Whoever has proved it already is written nothing.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn ask_verification(
    services: &Services,
    caller: &Remembered,
    from: &Circumstances,
) -> Result<(), Failure<SignedOut>> {
    let user = services.as_it_is(caller).await?.ok_or(Failure::Refused(SignedOut))?;
    let to = user.attrs().email.clone();
    if user.attrs().email_verified_at.is_some() || services.post.mailer.is_none() {
        return Ok(());
    }
    services.ask_for_mail(&to).await?;
    let asked = Happening::by_user(EventKind::VerificationAsked, user.id(), from);
    services
        .change(user, |user| {
            if user.attrs().email_verified_at.is_some() || user.attrs().email != to {
                return Ok(None);
            }
            let (challenge, letter) = services.challenge(user.id(), Purpose::Verify, &to)?;
            Ok(Some(user.challenge(challenge, letter, services.clock.now())))
        })
        .await?;
    services.did(asked.of_session(caller.session.id)).await
}

//! Ask for verification: somebody who is signed in is mailed a link that proves their address.

use crate::domain::challenge::Purpose;

use super::{Failure, Services, end_all_sessions::SignedOut, memory::Remembered, post::Asked};

/// Whoever has proved it already is written nothing.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn ask_verification(services: &Services, caller: &Remembered) -> Result<(), Failure<SignedOut>> {
    let user = services.as_it_is(caller).await?.ok_or(Failure::Refused(SignedOut))?;
    let to = user.attrs().email.clone();
    if user.attrs().email_verified_at.is_some() || !services.may_write_to(&to, Asked::Verification).await? {
        return Ok(());
    }
    services
        .change(user, |user| {
            if user.attrs().email_verified_at.is_some() || user.attrs().email != to {
                return Ok(None);
            }
            let (challenge, letter) = services.challenge(user.id(), Purpose::Verify, &to)?;
            Ok(Some(user.challenge(challenge, letter, services.clock.now())))
        })
        .await
}

//! Sign out: the session ends in the store, not only in the browser.

use std::convert::Infallible;

use crate::domain::{
    secret::SecretDigest,
    session::{EndReason, Ended},
};

use super::{Failure, Services, unless_refused, verify::verify};

/// Whoever presents several credentials is signed out of all their sessions; what stands for none is no failure.
pub async fn sign_out(
    services: &Services,
    secrets: &[SecretDigest],
    token: Option<&str>,
) -> Result<(), Failure<Infallible>> {
    services.end_sessions(secrets, EndReason::SignedOut).await?;
    let Some(token) = token else { return Ok(()) };
    if let Some(verified) = unless_refused(verify(services, token).await)? {
        let ended = Ended { at: services.clock.now(), reason: EndReason::SignedOut };
        services.end_session(verified.remembered.session.id, ended).await?;
    }
    Ok(())
}

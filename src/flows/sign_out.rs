//! Sign out: the session ends in the store, not only in the browser.

use std::convert::Infallible;

use crate::domain::{
    secret::SecretDigest,
    session::{EndReason, Ended},
};

use super::{Failure, Services};

/// Signing out of a session that has ended, or never was, is no failure.
pub async fn sign_out(services: &Services, secret: &SecretDigest) -> Result<(), Failure<Infallible>> {
    let ended = Ended { at: services.clock.now(), reason: EndReason::SignedOut };
    if let Some((session, _)) = services.store.session(secret).await? {
        services.store.end_session(session.id, ended).await?;
    }
    Ok(())
}

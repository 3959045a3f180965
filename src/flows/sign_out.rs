//! Sign out: the session ends in the store, not only in the browser.

use std::convert::Infallible;

use crate::domain::{secret::SecretDigest, session::EndReason};

use super::{Failure, Services};

/// Whoever presents several secrets is signed out of all their sessions.
pub async fn sign_out(services: &Services, secrets: &[SecretDigest]) -> Result<(), Failure<Infallible>> {
    services.end_sessions(secrets, EndReason::SignedOut).await
}

//! Sign out: the session ends in the store, not only in the browser.

use std::convert::Infallible;

use crate::domain::{
    access_token::Unfit,
    event::{Actor, Circumstances},
    secret::SecretDigest,
    session::EndReason,
};

use super::{Failure, Services};

/// Whoever presents several credentials is signed out of all their sessions; what stands for none is no failure. An access
/// token that has expired is good enough to leave with.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn sign_out(
    services: &Services,
    secrets: &[SecretDigest],
    token: Option<&str>,
    from: &Circumstances,
) -> Result<(), Failure<Infallible>> {
    services.end_sessions(secrets, EndReason::SignedOut, |_| Actor::User, from).await?;
    let Some(token) = token else { return Ok(()) };
    let now = services.clock.now();
    if let Ok(claims) = services.memory.claims(token, || services.keys.read(token)).await
        && claims.judge(&services.rules.tokens, now) != Err(Unfit::Foreign)
    {
        services.end_session(claims.sid, claims.sub, EndReason::SignedOut, Actor::User, from).await?;
    }
    Ok(())
}

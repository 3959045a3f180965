//! Verify an access token, more strictly than anybody can who has only our keys: its session has to hold as well.

use std::sync::Arc;

use crate::domain::access_token::{Claims, Unfit};

use super::{
    Failure, Services,
    memory::{Key, Remembered},
};

/// Who stands behind a token, as they are now; the claims say how they were when it was signed.
#[derive(Debug)]
pub struct Verified {
    pub claims: Arc<Claims>,
    pub remembered: Arc<Remembered>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    #[error("not a token of ours")]
    Invalid,
    #[error("the token has expired")]
    Expired,
    /// Or its user has been disabled, or is gone.
    #[error("the session has ended")]
    SessionEnded,
}

#[tracing::instrument(target = "otlp", skip_all)]
pub async fn verify(services: &Services, token: &str) -> Result<Verified, Failure<TokenRefusal>> {
    let refused = |refusal| Failure::Refused(refusal);
    let claims = services.memory.claims(token, || services.keys.read(token)).await;
    let claims = claims.map_err(|_| refused(TokenRefusal::Invalid))?;
    let now = services.clock.now();
    claims.judge(&services.rules.tokens, now).map_err(|unfit| match unfit {
        Unfit::Foreign => refused(TokenRefusal::Invalid),
        Unfit::Expired => refused(TokenRefusal::Expired),
    })?;
    let found = services.memory.find(&*services.store, Key::Id(claims.sid), |session, user| {
        user.id() == claims.sub && session.holds(user, now)
    });
    let remembered = found.await?.ok_or(refused(TokenRefusal::SessionEnded))?;
    Ok(Verified { claims, remembered })
}

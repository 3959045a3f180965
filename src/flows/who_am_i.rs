//! Who am I: whom a cookie or a token stands for, with an access token that says so to others.

use std::sync::Arc;

use crate::domain::access_token::AccessToken;

use super::{
    Failure, Services,
    authenticate::{Contradiction, Credentials, authenticate},
    verify::{TokenRefusal, Verified, verify},
};

#[derive(Debug)]
pub struct Known {
    pub verified: Verified,
    pub token: AccessToken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WhoAmIRefusal {
    #[error("nothing was presented")]
    SignedOut,
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
}

/// Nothing that was presented may be bad: a good cookie does not excuse a forged token.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn who_am_i(
    services: &Services,
    credentials: &Credentials,
) -> Result<Known, Failure<WhoAmIRefusal>> {
    if let Some(token) = &credentials.token {
        verify(services, token).await.map_err(|failure| failure.refused_by(WhoAmIRefusal::Token))?;
    }
    let found = authenticate(services, credentials).await;
    let found = found.map_err(|failure| failure.refused_by(WhoAmIRefusal::Contradiction))?;
    let remembered = found.ok_or_else(|| {
        let nothing = credentials.secret.is_none() && credentials.token.is_none();
        Failure::Refused(if nothing { WhoAmIRefusal::SignedOut } else { TokenRefusal::SessionEnded.into() })
    })?;
    let (claims, token) = services.issue(&remembered.user, &remembered.session)?;
    Ok(Known { verified: Verified { claims: Arc::new(claims), remembered }, token })
}

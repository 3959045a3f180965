//! Who am I: whom a cookie or a token stands for, with an access token that says so to others.

use crate::domain::{access_token::AccessToken, secret::SecretDigest};

use super::{
    Failure, Services,
    authenticate::authenticate,
    verify::{TokenRefusal, Verified, verify},
};

/// What a request brought along: a session's secret, a token, or both.
pub struct Presented<'a> {
    pub secret: Option<SecretDigest>,
    pub token: Option<&'a str>,
}

#[derive(Debug)]
pub struct Known {
    pub verified: Verified,
    pub token: AccessToken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WhoAmIRefusal {
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    /// We do not choose whom to believe.
    #[error("the cookie and the token stand for different sessions")]
    Ambiguous,
}

/// Nothing that was presented may be bad: a good cookie does not excuse a forged token.
pub async fn who_am_i(
    services: &Services,
    presented: Presented<'_>,
) -> Result<Known, Failure<WhoAmIRefusal>> {
    let by_token = match presented.token {
        Some(token) => {
            Some(verify(services, token).await.map_err(|failure| failure.refused_by(WhoAmIRefusal::Token))?)
        }
        None => None,
    };
    let Some(secret) = presented.secret else {
        let verified = by_token.ok_or(Failure::Refused(TokenRefusal::Invalid.into()))?;
        let (_, token) = services.issue(&verified.user, &verified.session)?;
        return Ok(Known { verified, token });
    };
    let by_secret = authenticate(services, &secret)
        .await
        .map_err(|failure| failure.refused_by(|never| match never {}))?;
    let known = by_secret.ok_or(Failure::Refused(TokenRefusal::SessionEnded.into()))?;
    if by_token.is_some_and(|verified| verified.session.id != known.session.id) {
        return Err(Failure::Refused(WhoAmIRefusal::Ambiguous));
    }
    let (claims, token) = services.issue(&known.user, &known.session)?;
    Ok(Known { verified: Verified { claims, user: known.user, session: known.session }, token })
}

//! Verify an access token, more strictly than anybody can who has only our keys: its session has to hold as well.

use crate::domain::{
    access_token::{Claims, Unfit},
    session::Session,
    user::User,
};

use super::{Failure, Services};

/// Who stands behind a token, as they are now; the claims say how they were when it was signed.
#[derive(Debug)]
pub struct Verified {
    pub claims: Claims,
    pub user: User,
    pub session: Session,
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

pub async fn verify(services: &Services, token: &str) -> Result<Verified, Failure<TokenRefusal>> {
    let refused = |refusal| Failure::Refused(refusal);
    let claims = services.keys.read(token).map_err(|_| refused(TokenRefusal::Invalid))?;
    claims.judge(&services.rules.tokens, services.clock.now()).map_err(|unfit| match unfit {
        Unfit::Foreign => refused(TokenRefusal::Invalid),
        Unfit::Expired => refused(TokenRefusal::Expired),
    })?;
    let found = services.store.session_by_id(claims.sid).await?;
    let now = services.clock.now();
    let holds = |(session, user): &(Session, User)| user.id() == claims.sub && session.holds(user, now);
    match found.filter(holds) {
        Some((session, user)) => Ok(Verified { claims, user, session }),
        None => Err(refused(TokenRefusal::SessionEnded)),
    }
}

//! Authenticate: whose session is this?

use std::convert::Infallible;

use crate::domain::{secret::SecretDigest, session::Session, user::User};

use super::{Failure, Services};

/// A user together with the session that speaks for them.
#[derive(Debug)]
pub struct Authenticated {
    pub user: User,
    pub session: Session,
}

/// `None` for a session that is unknown, over, or no longer its user's.
pub async fn authenticate(
    services: &Services,
    secret: &SecretDigest,
) -> Result<Option<Authenticated>, Failure<Infallible>> {
    let found = services.store.session(secret).await?;
    let now = services.clock.now();
    let Some((session, user)) = found.filter(|(session, user)| session.holds(user, now)) else {
        return Ok(None);
    };
    if let Some(seen) = session.seen(services.rules.lifetimes, now) {
        // The answer does not depend on this note, so a store that cannot take it now refuses nobody.
        if let Err(error) = services.store.see_session(secret, seen).await {
            tracing::warn!(session = %session.id, error = %error, "could not note that a session was used");
        }
    }
    Ok(Some(Authenticated { user, session }))
}

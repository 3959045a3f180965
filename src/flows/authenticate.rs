//! Authenticate: whose session is this?

use std::{convert::Infallible, time::Duration};

use tokio::time::timeout;

use crate::domain::{secret::SecretDigest, session::Session, user::User};

use super::{Failure, Services};

/// How long a request waits for the note that its session was used.
const PATIENCE: Duration = Duration::from_millis(250);

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
        // The answer does not depend on this note: a store that cannot take it now neither refuses nor delays anybody.
        match timeout(PATIENCE, services.store.see_session(session.id, seen)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(session = %session.id, ?error, "could not note that a session was used");
            }
            Err(_) => tracing::warn!(session = %session.id, "noting that a session was used takes too long"),
        }
    }
    Ok(Some(Authenticated { user, session }))
}

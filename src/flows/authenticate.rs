//! Authenticate: whose session is this?

use std::{convert::Infallible, sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::domain::{
    secret::SecretDigest,
    session::{Mode, Standing},
};

use super::{
    Failure, Services,
    memory::{Key, Remembered},
    unless_refused,
    verify::verify,
};

/// How long a request waits for the note that its session was used.
const PATIENCE: Duration = Duration::from_millis(250);

/// After how long another one tries, where that failed.
const PAUSE: Duration = Duration::from_secs(10);

/// What somebody presents to be recognised.
#[derive(Default)]
pub struct Credentials {
    pub secret: Option<SecretDigest>,
    pub token: Option<String>,
}

/// Two credentials, of two sessions: nobody can say who that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credentials contradict each other")]
pub struct Contradiction;

/// `None` for whoever presents nothing, or nothing that holds.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn authenticate(
    services: &Services,
    credentials: &Credentials,
) -> Result<Option<Arc<Remembered>>, Failure<Contradiction>> {
    let by_secret = match &credentials.secret {
        Some(secret) => by_secret(services, *secret).await?,
        None => None,
    };
    let Some(token) = &credentials.token else { return Ok(by_secret) };
    let by_token = unless_refused(verify(services, token).await)?.map(|verified| verified.remembered);
    if credentials.secret.is_none() {
        if let Some(found) = &by_token {
            services.note_use(found).await;
        }
        return Ok(by_token);
    }
    match (by_secret, by_token) {
        (Some(one), Some(other)) if one.session.id == other.session.id => Ok(Some(one)),
        (None, None) => Ok(None),
        _ => Err(Failure::Refused(Contradiction)),
    }
}

async fn by_secret(
    services: &Services,
    secret: SecretDigest,
) -> Result<Option<Arc<Remembered>>, Failure<Contradiction>> {
    let (now, grace) = (services.clock.now(), services.rules.grace);
    let found = services.memory.find(&*services.store, Key::Secret(secret), |session, user| {
        let standing = session.standing(&secret, grace, now);
        let presentable = session.mode == Mode::Cookie && session.holds(user, now);
        presentable && matches!(standing, Standing::Current | Standing::Grace)
    });
    let Some(found) = found.await? else { return Ok(None) };
    services.note_use(&found).await;
    Ok(Some(found))
}

impl Services {
    /// The answer does not depend on this note: a store that cannot take it now refuses nobody, and delays one.
    pub(super) async fn note_use(&self, used: &Remembered) {
        let Some(seen) = used.session.seen(self.rules.lifetimes, self.clock.now()) else { return };
        if !used.is_mine_to_note(self.clock.uptime(), PAUSE) {
            return;
        }
        let id = used.session.id;
        match timeout(PATIENCE, self.store.see_session(id, seen)).await {
            Ok(Ok(())) => self.memory.read_again(id).await,
            Ok(Err(error)) => {
                let cause = Failure::<Infallible>::from(error);
                tracing::warn!(session = %id, %cause, "could not note that a session was used");
            }
            Err(_) => tracing::warn!(session = %id, "noting that a session was used takes too long"),
        }
    }
}

//! Refresh: the secret of a session gives way to its successor, and whoever asks again in time gets the same one.

use jiff::Timestamp;

use crate::domain::{
    event::{Actor, Circumstances},
    id::SessionId,
    refresh_token::RefreshToken,
    secret::{Secret, SecretDigest, Seed},
    session::{EndReason, Mode, Session, Standing},
    user::User,
};

use super::{Failure, Services, meters::RefreshOutcome};
use crate::system::vault::{Label, VaultError};

/// What is presented to be renewed.
pub enum Presented {
    Cookie(SecretDigest),
    Token(RefreshToken),
}

/// Unknown, over, used up, or of the other kind: nobody outside need tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the session has ended")]
pub struct SessionEnded;

pub struct Refreshed {
    pub user: User,
    pub session: Session,
    /// `None` where the one presented is good for a while yet.
    pub successor: Option<Secret>,
}

/// How often somebody else may be first: whoever that is writes the same successor, which is then found.
const ATTEMPTS: usize = 3;

/// Asks the store and never the memory: what is decided here decides over the rest of the session's life.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn refresh(
    services: &Services,
    presented: &Presented,
    from: &Circumstances,
) -> Result<Refreshed, Failure<SessionEnded>> {
    for _ in 0..ATTEMPTS {
        let found = match presented {
            Presented::Cookie(secret) => services.store.session(secret).await?,
            Presented::Token(token) => services.store.session_by_id(token.session).await?,
        };
        let (session, user) = found.ok_or(Failure::Refused(SessionEnded))?;
        match renew(services, presented, from, session, user).await {
            Err(Failure::Raced) => {}
            outcome => return outcome,
        }
    }
    Err(Failure::Raced)
}

async fn renew(
    services: &Services,
    presented: &Presented,
    from: &Circumstances,
    session: Session,
    user: User,
) -> Result<Refreshed, Failure<SessionEnded>> {
    let now = services.clock.now();
    if session.mode != presented.mode() || !session.holds(&user, now) {
        return Err(Failure::Refused(SessionEnded));
    }
    let seed = open_seed(services, &session)?;
    match standing(services, presented, &session, &seed, now) {
        Standing::Current if presented.mode() == Mode::Token || session.is_due(&user, now) => {
            rotate(services, session, user, &seed, now).await
        }
        Standing::Current => Ok(Refreshed { user, session, successor: None }),
        Standing::Grace => {
            services.meters.refreshes.add_one(RefreshOutcome::Benign);
            let successor = Some(seed.secret(session.generation));
            Ok(Refreshed { user, session, successor })
        }
        Standing::Reused => end_for_reuse(services, &session, from).await,
        Standing::Foreign => Err(Failure::Refused(SessionEnded)),
    }
}

/// A token says of which generation it is, so it can be recognised however many came after it.
fn standing(
    services: &Services,
    presented: &Presented,
    session: &Session,
    seed: &Seed,
    now: Timestamp,
) -> Standing {
    let secret = presented.digest();
    if let Presented::Token(token) = presented {
        if token.generation > session.generation || seed.secret(token.generation).digest() != secret {
            return Standing::Foreign;
        }
        if token.generation + 1 < session.generation {
            return Standing::Reused;
        }
    }
    session.standing(&secret, services.rules.grace, now)
}

async fn rotate(
    services: &Services,
    session: Session,
    user: User,
    seed: &Seed,
    now: Timestamp,
) -> Result<Refreshed, Failure<SessionEnded>> {
    let successor = seed.secret(session.generation + 1);
    let rotation = session.rotate(successor.digest(), services.rules.lifetimes, now);
    let rotated = services.store.rotate_session(&rotation).await;
    services.memory.forget_session(session.id);
    rotated?;
    services.meters.refreshes.add_one(RefreshOutcome::Rotated);
    Ok(Refreshed { user, session: session.rotated(&rotation), successor: Some(successor) })
}

/// Either who presents it or who presented it before is a thief, and nobody knows which.
async fn end_for_reuse(
    services: &Services,
    session: &Session,
    from: &Circumstances,
) -> Result<Refreshed, Failure<SessionEnded>> {
    if services.end_session(session.id, session.user_id, EndReason::RefreshReuse, Actor::Anyone, from).await?
    {
        services.meters.refreshes.add_one(RefreshOutcome::Theft);
        tracing::warn!(user = %session.user_id, session = %session.id, "a refresh was used twice; its session has ended");
    }
    Err(Failure::Refused(SessionEnded))
}

/// A replica that does not know a key secret yet, or any more, does not end what another one can go on with.
fn open_seed(services: &Services, session: &Session) -> Result<Seed, Failure<SessionEnded>> {
    let opened = services.vault.open(&session.seed, label_of_seed(&session.id));
    let bytes = match opened {
        Err(VaultError::UnknownSecret) => {
            return Err(Failure::Unavailable(VaultError::UnknownSecret.into()));
        }
        opened => opened.ok().and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()),
    };
    bytes.map(Seed::from_bytes).ok_or_else(|| {
        tracing::error!(session = %session.id, "a session's seed cannot be opened; its user has to sign in again");
        Failure::Refused(SessionEnded)
    })
}

impl Presented {
    const fn mode(&self) -> Mode {
        match self {
            Self::Cookie(_) => Mode::Cookie,
            Self::Token(_) => Mode::Token,
        }
    }

    fn digest(&self) -> SecretDigest {
        match self {
            Self::Cookie(secret) => *secret,
            Self::Token(token) => token.secret.digest(),
        }
    }
}

/// What is sealed as a session's seed opens for that session alone.
pub(super) fn label_of_seed(session: &SessionId) -> Label {
    Label { what: "session seed", of: session.as_uuid() }
}

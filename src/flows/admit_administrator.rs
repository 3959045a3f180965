//! Admit an administrator: whoever is signed in and is none asked for what is not theirs, and that is written down.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::domain::{
    event::{Circumstances, EventKind, Happening},
    id::SessionId,
};

use super::{
    Failure, Services,
    memory::Remembered,
    verify::{TokenRefusal, verify},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    #[error("this is for administrators")]
    NotAnAdministrator,
}

/// Sessions that were refused, and at which uptime that was written down: whoever tries again and again is written down once an hour.
#[derive(Debug, Default)]
pub struct Refused(Mutex<HashMap<SessionId, Duration>>);

impl Refused {
    const HOUR: Duration = Duration::from_hours(1);

    /// Within an hour. Whoever has so many sessions was written down often enough.
    const MOST: usize = 4_096;

    fn is_to_be_written_down(&self, session: SessionId, now: Duration) -> bool {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.retain(|_, at| now.saturating_sub(*at) < Self::HOUR);
        if refused.contains_key(&session) || refused.len() >= Self::MOST {
            return false;
        }
        refused.insert(session, now);
        true
    }
}

/// Whoever stands behind the token, as they are now.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn admit_administrator(
    services: &Services,
    token: &str,
    from: &Circumstances,
) -> Result<Arc<Remembered>, Failure<NotAdmitted>> {
    let verified = verify(services, token).await.map_err(|failure| failure.refused_by(NotAdmitted::Token))?;
    let Remembered { user, session, .. } = &*verified.remembered;
    if user.is_admin() {
        return Ok(verified.remembered);
    }
    if services.journal.refused.is_to_be_written_down(session.id, services.clock.uptime()) {
        let refused = Happening::by_user(EventKind::AccessRefused, user.id(), from);
        services.noted(refused.of_session(session.id)).await?;
    }
    Err(Failure::Refused(NotAdmitted::NotAnAdministrator))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_written_down_once_an_hour_and_no_more_of_them_than_there_is_room_for() {
        let (refused, session) =
            (Refused::default(), |number| SessionId::from_uuid(uuid::Uuid::from_u128(number)));
        let minute = Duration::from_mins(1);
        assert!(refused.is_to_be_written_down(session(1), minute));
        assert!(!refused.is_to_be_written_down(session(1), 60 * minute));
        assert!(refused.is_to_be_written_down(session(1), 61 * minute));
        let rest: Vec<bool> =
            (2..=5_000).map(|number| refused.is_to_be_written_down(session(number), 61 * minute)).collect();
        assert_eq!(rest.iter().filter(|written| **written).count(), Refused::MOST - 1);
    }
}

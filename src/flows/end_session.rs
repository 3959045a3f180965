//! End a session: somebody signs one of their devices out from another.

use crate::domain::{
    event::{Actor, Circumstances},
    id::SessionId,
    session::EndReason,
};

use super::{Failure, Services, memory::Remembered};

/// It is somebody else's, or there never was one: the caller need not know which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such session")]
pub struct NotTheirs;

/// One that has ended already is no failure.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn end_session(
    services: &Services,
    caller: &Remembered,
    id: SessionId,
    from: &Circumstances,
) -> Result<(), Failure<NotTheirs>> {
    let found = services.store.session_by_id(id).await?;
    if found.is_none_or(|(session, _)| session.user_id != caller.user.id()) {
        return Err(Failure::Refused(NotTheirs));
    }
    let reason = if id == caller.session.id { EndReason::SignedOut } else { EndReason::Revoked };
    services.end_session(id, caller.user.id(), reason, Actor::User, from).await?;
    Ok(())
}

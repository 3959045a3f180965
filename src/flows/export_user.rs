//! Export: everything that is stored of whoever asks, for them to take along.

use crate::{
    domain::{
        event::{Circumstances, Event, EventFilter, EventKind, Happening},
        id::EventId,
        session::Session,
        user::User,
    },
    store::StoreError,
};

use super::{Failure, Services, end_all_sessions::SignedOut, memory::Remembered};

/// What is kept of one user.
pub struct Everything {
    pub user: User,
    pub sessions: Vec<Session>,
    pub events: Vec<Event>,
}

/// Of one user; more of them are not shown at once.
const MOST_EVENTS: u32 = 10_000;

#[tracing::instrument(target = "otlp", skip_all)]
pub async fn export_user(
    services: &Services,
    caller: &Remembered,
    from: &Circumstances,
) -> Result<Everything, Failure<SignedOut>> {
    let user = services.as_it_is(caller).await?.ok_or(Failure::Refused(SignedOut))?;
    let (sessions, events) = read(services, &user).await?;
    let exported = Happening::by_user(EventKind::DataExported, user.id(), from);
    services.noted(exported.of_session(caller.session.id)).await?;
    Ok(Everything { user, sessions, events })
}

async fn read(services: &Services, user: &User) -> Result<(Vec<Session>, Vec<Event>), StoreError> {
    let sessions = services.store.sessions_ever_of(user.id()).await?;
    let (wanted, all) = (EventFilter { user: Some(user.id()), kind: None }, EventId::FIRST..EventId::LAST);
    let events = services.store.events(&wanted, all, MOST_EVENTS, services.clock.now()).await?;
    Ok((sessions, events))
}

//! Export: everything that is stored of whoever asks, for them to take along.

use crate::{
    domain::{event::Event, session::Session, user::User},
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
pub async fn export_user(services: &Services, caller: &Remembered) -> Result<Everything, Failure<SignedOut>> {
    let user = services.as_it_is(caller).await?.ok_or(Failure::Refused(SignedOut))?;
    let (sessions, events) = read(services, &user).await?;
    Ok(Everything { user, sessions, events })
}

async fn read(services: &Services, user: &User) -> Result<(Vec<Session>, Vec<Event>), StoreError> {
    let sessions = services.store.sessions_ever_of(user.id()).await?;
    Ok((sessions, services.store.events_of(user.id(), MOST_EVENTS).await?))
}

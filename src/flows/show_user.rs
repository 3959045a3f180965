//! Show a user: what an operator may know of somebody's account.

use crate::{
    domain::{clock::Clock, session::Session, user::User},
    store::Store,
};

use super::{
    Failure,
    change_user::{Whom, find_user},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such user")]
pub struct NoSuchUser;

/// With their sessions that hold, the newest first.
pub async fn show_user(
    store: &dyn Store,
    clock: &dyn Clock,
    whom: &Whom,
) -> Result<(User, Vec<Session>), Failure<NoSuchUser>> {
    let user = find_user(store, whom).await?.ok_or(Failure::Refused(NoSuchUser))?;
    let now = clock.now();
    let mut sessions = store.sessions_of(user.id(), now).await?;
    sessions.retain(|session| session.holds(&user, now));
    Ok((user, sessions))
}

//! Show a user: what an operator may know of somebody's account.

use crate::{
    domain::{clock::Clock, session::Session, user::User},
    store::Store,
};

use super::{
    Failure,
    find_user::{NoSuchUser, Whom, find_user},
    live_sessions,
};

/// With their sessions that hold, the newest first.
pub async fn show_user(
    store: &dyn Store,
    clock: &dyn Clock,
    whom: &Whom,
) -> Result<(User, Vec<Session>), Failure<NoSuchUser>> {
    let user = find_user(store, whom).await?;
    let sessions = live_sessions(store, &user, clock.now()).await?;
    Ok((user, sessions))
}

//! Delete a user: what an operator does for somebody who is not to be waited for.

use crate::{
    domain::{
        event::{Actor, EventKind, Happening},
        user::User,
    },
    store::StoreError,
};

use super::{
    ATTEMPTS, Failure,
    find_user::{NoSuchUser, Whom, find_user},
    journal::Pen,
};

/// First nobody can be them any more, by one write; then all that is kept of them goes. Broken off in between, the service itself
/// goes on with it.
pub async fn delete_user(pen: Pen<'_>, whom: &Whom) -> Result<User, Failure<NoSuchUser>> {
    for _ in 0..ATTEMPTS {
        let user = find_user(pen.store, whom).await?;
        let now = pen.clock.now();
        match pen.store.replace_user(&user.clone().leave_at_once(now)).await {
            Err(StoreError::Stale) => {}
            replaced => {
                replaced?;
                if !pen.store.erase_user(user.id(), now).await? {
                    return Err(Failure::Raced);
                }
                pen.did(Happening::by(Actor::Operator, EventKind::UserDeleted).to(user.id())).await?;
                return Ok(user);
            }
        }
    }
    Err(Failure::Raced)
}

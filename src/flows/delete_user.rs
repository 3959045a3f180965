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

/// It is written down first: whatever breaks off then, it is known who decided. Then nobody can be them any more, by one write, and all
/// that is kept of them goes. Broken off in between, the service itself goes on with it.
pub async fn delete_user(pen: Pen<'_>, whom: &Whom) -> Result<User, Failure<NoSuchUser>> {
    let mut user = find_user(pen.store, whom).await?;
    pen.noted(Happening::by(Actor::Operator, EventKind::UserDeleted).to(user.id())).await?;
    for _ in 0..ATTEMPTS {
        let now = pen.clock.now();
        match pen.store.replace_user(&user.clone().leave_at_once(now)).await {
            Err(StoreError::Stale) => user = find_user(pen.store, whom).await?,
            replaced => {
                replaced?;
                if !pen.store.erase_user(user.id(), now).await? {
                    return Err(Failure::Raced);
                }
                return Ok(user);
            }
        }
    }
    Err(Failure::Raced)
}

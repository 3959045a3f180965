//! Delete a user: what an operator does for somebody who is not to be waited for.

use crate::{
    domain::{clock::Clock, user::User},
    store::{Store, StoreError},
};

use super::{
    ATTEMPTS, Failure,
    find_user::{NoSuchUser, Whom, find_user},
};

/// First nobody can be them any more, by one write; then all that is kept of them goes. Broken off in between, the service itself
/// goes on with it.
pub async fn delete_user(
    store: &dyn Store,
    clock: &dyn Clock,
    whom: &Whom,
) -> Result<User, Failure<NoSuchUser>> {
    for _ in 0..ATTEMPTS {
        let user = find_user(store, whom).await?;
        let now = clock.now();
        match store.replace_user(&user.clone().leave_at_once(now)).await {
            Err(StoreError::Stale) => {}
            replaced => {
                replaced?;
                return if store.erase_user(user.id(), now).await? { Ok(user) } else { Err(Failure::Raced) };
            }
        }
    }
    Err(Failure::Raced)
}

//! Erase: whoever left and did not come back is removed, with all that is kept of them.

use crate::{
    domain::{clock::Clock, id::UserId},
    store::{Store, StoreError},
};

use super::Services;

/// In one go; whoever is left over goes with the next.
const MOST: u32 = 100;

/// Those whose grace is over. Returns how many have gone.
pub async fn erase_those_who_left(services: &Services) -> Result<u64, StoreError> {
    let (mut gone, now) = (0, services.clock.now());
    for id in services.store.users_to_erase(now, MOST).await? {
        gone += u64::from(erase(&*services.store, &*services.clock, id).await?);
        services.memory.forget_user(id);
    }
    Ok(gone)
}

pub(super) async fn erase(store: &dyn Store, clock: &dyn Clock, id: UserId) -> Result<bool, StoreError> {
    store.erase_user(id, clock.now()).await
}

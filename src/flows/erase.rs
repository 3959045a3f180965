//! Erase: whoever left and did not come back is removed, with all that is kept of them.

use super::Services;
use crate::store::StoreError;

/// In one go; whoever is left over goes with the next.
const MOST: u32 = 100;

/// Those whose grace is over. Returns how many have gone; who cannot be erased keeps nobody else.
pub async fn erase_those_who_left(services: &Services) -> Result<u64, StoreError> {
    let (mut gone, now) = (0, services.clock.now());
    for user in services.store.users_to_erase(now, MOST).await? {
        match services.store.erase_user(user, now).await {
            Ok(erased) => gone += u64::from(erased),
            Err(cause) => {
                tracing::warn!(%user, %cause, "could not erase somebody who has left; trying again later");
            }
        }
        services.memory.forget_user(user);
    }
    Ok(gone)
}

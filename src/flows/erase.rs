//! Erase: whoever left and did not come back is removed, with all that is kept of them.

use std::convert::Infallible;

use crate::domain::event::{Actor, EventKind, Happening};

use super::{Failure, Services};

/// In one go; whoever is left over goes with the next.
const MOST: u32 = 100;

/// Those whose grace is over. Returns how many have gone; who cannot be erased keeps nobody else.
pub async fn erase_those_who_left(services: &Services) -> Result<u64, Failure<Infallible>> {
    let (mut gone, now) = (0, services.clock.now());
    for user in services.store.users_to_erase(now, MOST).await? {
        match services.store.erase_user(user, now).await {
            Ok(false) => {}
            Ok(true) => {
                gone += 1;
                services.did(Happening::by(Actor::Service, EventKind::UserErased).to(user)).await?;
            }
            Err(cause) => {
                tracing::warn!(%user, %cause, "could not erase somebody who has left; trying again later");
            }
        }
        services.memory.forget_user(user);
    }
    Ok(gone)
}

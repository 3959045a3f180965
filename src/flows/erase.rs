//! Erase: whoever left and did not come back is removed, with all that is kept of them.

use std::convert::Infallible;

use jiff::Timestamp;

use crate::{
    domain::{
        event::{Actor, EventFilter, EventKind, Happening},
        id::{EventId, UserId},
    },
    store::{BATCH, StoreError},
};

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
                write_down(services, user).await;
            }
            Err(cause) => {
                tracing::warn!(%user, %cause, "could not erase somebody who has left; trying again later");
            }
        }
        services.memory.forget_user(user);
    }
    Ok(gone)
}

/// They are gone, whether or not that can be written down.
async fn write_down(services: &Services, user: UserId) {
    let erased = Happening::by(Actor::Service, EventKind::UserErased).to(user);
    if let Err(cause) = services.did::<Infallible>(erased).await {
        tracing::error!(%user, %cause, "erased somebody who has left, and could not write that down");
    }
}

/// Those who were erased since then. What was under way meanwhile, such as a sign-in that waited for its hash, may have written of
/// them afterwards: that tells nothing of a person either, in the end.
pub async fn forget_those_erased(services: &Services, since: Timestamp) -> Result<(), StoreError> {
    for kind in [EventKind::UserErased, EventKind::UserDeleted] {
        let wanted = EventFilter { user: None, kind: Some(kind) };
        let (mut ids, now) = (EventId::from_moment(since)..EventId::LAST, services.clock.now());
        loop {
            let most = u32::try_from(BATCH).unwrap_or(u32::MAX);
            let events = services.store.events(&wanted, ids.clone(), most, now).await?;
            for user in events.iter().filter_map(|event| event.user_id) {
                services.store.forget_particulars(user).await?;
            }
            match events.last() {
                Some(last) if events.len() == BATCH => ids.end = last.id,
                _ => break,
            }
        }
    }
    Ok(())
}

//! End all sessions: somebody signs out everywhere, or everywhere else, by one write.

use std::convert::Infallible;

use crate::store::StoreError;

use super::{Failure, Services, memory::Remembered};

/// How often somebody else may change the user first.
const ATTEMPTS: usize = 5;

/// Returns how many have ended by it.
pub async fn end_all_sessions(
    services: &Services,
    caller: &Remembered,
    keep_current: bool,
) -> Result<usize, Failure<Infallible>> {
    let kept = keep_current.then_some(caller.session.id);
    for _ in 0..ATTEMPTS {
        // Not from memory, where the revision may be an older one.
        let Some(user) = services.store.user(caller.user.id()).await? else { return Ok(0) };
        let live = services.live_sessions(&user).await?;
        let replaced =
            services.store.replace_user(&user.clone().end_sessions(kept, services.clock.now())).await;
        services.memory.forget_user(user.id());
        match replaced {
            Err(StoreError::Stale) => {}
            replaced => {
                replaced?;
                return Ok(live.iter().filter(|session| Some(session.id) != kept).count());
            }
        }
    }
    Err(Failure::Raced)
}

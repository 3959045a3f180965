//! End all sessions: somebody signs out everywhere, or everywhere else, by one write.

use crate::{
    domain::event::{Circumstances, EventKind, Happening},
    store::StoreError,
};

use super::{ATTEMPTS, Failure, Services, memory::Remembered};

/// The session that asks has itself ended since it was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the session that asks has ended")]
pub struct SignedOut;

/// Returns how many have ended by it.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn end_all_sessions(
    services: &Services,
    caller: &Remembered,
    keep_current: bool,
    from: &Circumstances,
) -> Result<usize, Failure<SignedOut>> {
    let kept = keep_current.then_some(caller.session.id);
    for _ in 0..ATTEMPTS {
        let user = services.as_it_is(caller).await?.ok_or(Failure::Refused(SignedOut))?;
        let live = services.live_sessions(&user).await?;
        let replaced =
            services.store.replace_user(&user.clone().end_sessions(kept, services.clock.now())).await;
        services.memory.forget_user(user.id());
        match replaced {
            Err(StoreError::Stale) => {}
            replaced => {
                replaced?;
                let all = Happening::by_user(EventKind::AllSessionsEnded, user.id(), from);
                services.did(all.of_session(caller.session.id)).await?;
                return Ok(live.iter().filter(|session| Some(session.id) != kept).count());
            }
        }
    }
    Err(Failure::Raced)
}

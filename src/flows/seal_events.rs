//! Seal events: each gets its place in the chain, whichever replica wrote it, and whichever is quicker to seal it.

use std::convert::Infallible;

use crate::{
    domain::event::Head,
    store::{BATCH, StoreError},
};

use super::{Failure, Services};

/// How often somebody else may be quicker in one round.
const ATTEMPTS: usize = 5;

/// Returns whether there may be more. Nobody leads: of two who seal at once the place in the chain is one's, and the other looks
/// again.
pub async fn seal_events(services: &Services) -> Result<bool, Failure<Infallible>> {
    let most = u32::try_from(BATCH).unwrap_or(u32::MAX);
    for _ in 0..ATTEMPTS {
        let mut unsealed = services.store.unsealed_events(most).await?;
        if unsealed.is_empty() {
            return Ok(false);
        }
        let is_full = unsealed.len() == BATCH;
        let mut head = services.store.head().await?.unwrap_or(Head::NONE);
        for event in &mut unsealed {
            let seal = |link: &[u8]| services.vault.seal_link(link);
            let link = head.next(event, services.journal.retention, seal);
            event.link = Some(link);
            head = link.head();
        }
        match services.store.seal_events(&unsealed).await {
            Err(StoreError::Stale | StoreError::Taken) => {}
            sealed => return Ok(sealed.map(|()| is_full)?),
        }
    }
    Err(Failure::Raced)
}

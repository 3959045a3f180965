//! Recognise: whether a key secret is that of the service, so that a command writes down nothing that nobody would seal.

use jiff::Timestamp;

use crate::{
    domain::id::EventId,
    store::{BATCH, Store, StoreError},
    system::vault::Vault,
};

/// By the latest link of the chain, or by an event that waits for its place. Where there is neither, nobody has written yet.
pub async fn recognise(store: &dyn Store, vault: &Vault, now: Timestamp) -> Result<bool, StoreError> {
    let Some(head) = store.head().await? else { return Ok(true) };
    let latest = store.sealed_events(None, head.position..head.position + 1, 1, now).await?;
    let mut links = latest.iter().filter_map(|event| Some((event, event.link?)));
    if links.all(|(event, link)| vault.has_sealed_link(&link.bytes(event), link.digest.as_bytes())) {
        return Ok(true);
    }
    let most = u32::try_from(BATCH).unwrap_or(u32::MAX);
    let waiting = store.unsealed_events(EventId::FIRST, most).await?;
    Ok(waiting.iter().any(|event| event.is_as_written(|said, stamp| vault.has_stamped(said, stamp))))
}

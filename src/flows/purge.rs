//! Purge: what expired goes, where the store does not see to it by itself.

use std::convert::Infallible;

use super::{Failure, Services};

/// How many records went.
pub async fn purge(services: &Services) -> Result<u64, Failure<Infallible>> {
    Ok(services.store.purge(services.clock.now()).await?)
}

//! What work on users needs, for a command: the store, and the time.

use crate::{config::Config, domain::clock::Clock, store::Store};

use super::{CannotRun, World, keys::must_be_there, refused};

/// Opens the store as it is, beside whoever serves from it, and lets go of it after.
pub async fn with_users<T>(
    config: &Config,
    work: impl AsyncFnOnce(&dyn Store, &dyn Clock) -> T,
) -> Result<T, CannotRun> {
    must_be_there(config)?;
    let world = World::real(config)?;
    world.store.examine().await.map_err(refused)?;
    let done = work(&*world.store, &*world.clock).await;
    world.store.close().await;
    Ok(done)
}

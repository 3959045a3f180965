//! What a command needs that works on the store beside whoever serves from it.

use crate::{
    config::Config,
    domain::clock::Clock,
    flows::{journal::Pen, recognise::recognise},
    store::Store,
    system::vault::Vault,
};

use super::{
    CannotRun, World,
    keys::{must_be_there, vault, vault_as_it_is},
    refused,
};

/// Opens the store as it is, beside whoever serves from it, for looking around, and lets go of it after.
pub async fn with_store<T>(
    config: &Config,
    work: impl AsyncFnOnce(&dyn Store, &dyn Clock) -> T,
) -> Result<T, CannotRun> {
    let world = beside(config).await?;
    let done = work(&*world.store, &*world.clock).await;
    world.store.close().await;
    Ok(done)
}

/// The same for looking at what is keyed with the key secret.
pub async fn with_vault<T>(
    config: &Config,
    work: impl AsyncFnOnce(&dyn Store, &dyn Clock, &Vault) -> T,
) -> Result<T, CannotRun> {
    let world = beside(config).await?;
    let vault = vault_as_it_is(config, &*world.entropy)?;
    let done = work(&*world.store, &*world.clock, &vault).await;
    world.store.close().await;
    Ok(done)
}

/// The same for work that is written down. With another key secret than the service has nobody would seal what is written: then
/// nothing is done.
pub async fn with_pen<T>(config: &Config, work: impl AsyncFnOnce(Pen<'_>) -> T) -> Result<T, CannotRun> {
    let world = beside(config).await?;
    let as_it_is = vault_as_it_is(config, &*world.entropy)?;
    if !recognise(&*world.store, &as_it_is, world.clock.now()).await.map_err(refused)? {
        return Err(CannotRun::Missing(
            "this key secret is not the one that the service has: set PORTCULLIS_KEY_SECRET, or PORTCULLIS_DATA_DIR where it is kept, \
             as the service has them"
                .to_owned(),
        ));
    }
    // Where nobody has written anything yet, there may be none: the service will have this one.
    let vault = vault(&config.key_secret, &*world.entropy)?;
    let done = work(world.pen(&vault)).await;
    world.store.close().await;
    Ok(done)
}

async fn beside(config: &Config) -> Result<World, CannotRun> {
    must_be_there(config)?;
    let world = World::real(config)?;
    world.store.examine().await.map_err(refused)?;
    Ok(world)
}

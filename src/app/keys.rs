//! The signing keys put together: alone for a command, and for whoever serves with them.

use std::sync::Arc;

use crate::{
    config::{Config, KeySource, StoreUrl},
    domain::{
        clock::{Entropy, random},
        sealed::{KeySecret, KeySecrets},
    },
    flows::key_ring::KeyRing,
    system::{key_file, vault::Vault},
};

use super::{CannotRun, World, refused};

/// For whoever opens what there is: where nobody has made a key secret yet none is made, and nothing opens.
pub(super) fn vault_as_it_is(config: &Config, entropy: &dyn Entropy) -> Result<Arc<Vault>, CannotRun> {
    match &config.key_secret {
        KeySource::KeptIn(directory) if !key_file::is_there(directory) => {
            vault(&KeySource::Forgotten, entropy)
        }
        source => vault(source, entropy),
    }
}

pub(super) fn vault(source: &KeySource, entropy: &dyn Entropy) -> Result<Arc<Vault>, CannotRun> {
    let secrets = key_secrets(source, entropy)?;
    Ok(Arc::new(Vault::new(&secrets).map_err(refused)?))
}

pub(super) fn key_ring(config: &Config, world: &World) -> Result<KeyRing, CannotRun> {
    let vault = vault(&config.key_secret, &*world.entropy)?;
    Ok(KeyRing::new(Arc::clone(&world.store), Arc::clone(&world.clock), Arc::clone(&world.entropy), vault))
}

/// Opens the store for work on the signing keys, beside whoever serves from it, and lets go of it after.
pub async fn with_keys<T>(config: &Config, work: impl AsyncFnOnce(&KeyRing) -> T) -> Result<T, CannotRun> {
    must_be_there(config)?;
    let world = World::real(config)?;
    let keys = key_ring(config, &world)?;
    world.store.migrate(world.clock.now()).await.map_err(refused)?;
    let done = work(&keys).await;
    world.store.close().await;
    Ok(done)
}

/// Whoever looks in the wrong place is told so, and finds nothing there that was not there before.
pub(super) fn must_be_there(config: &Config) -> Result<(), CannotRun> {
    let StoreUrl::File(path) = &config.store.url else { return Ok(()) };
    let path = config.data.dir.join(path);
    if path.exists() {
        return Ok(());
    }
    Err(CannotRun::Missing(format!(
        "there is no store at {}: set PORTCULLIS_DATA_DIR and PORTCULLIS_STORE_URL as the service has them",
        path.display()
    )))
}

pub(super) fn must_be_set(source: &KeySource) -> Result<(), CannotRun> {
    if matches!(source, KeySource::Missing) { Err(missing()) } else { Ok(()) }
}

fn missing() -> CannotRun {
    CannotRun::Missing("PORTCULLIS_KEY_SECRET must be set, to what the service has".to_owned())
}

fn key_secrets(source: &KeySource, entropy: &dyn Entropy) -> Result<KeySecrets, CannotRun> {
    match source {
        KeySource::Given(secrets) => Ok(secrets.clone()),
        KeySource::KeptIn(directory) => key_file::read_or_make(directory, entropy).map_err(refused),
        KeySource::Missing => Err(missing()),
        KeySource::Forgotten => {
            let first = KeySecret::from_bytes(random(entropy).map_err(refused)?);
            Ok(KeySecrets { first, others: Vec::new() })
        }
    }
}

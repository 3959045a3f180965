//! What backing up and restoring need, put together: the store, and the place where backups are kept.

use std::sync::Arc;

use secrecy::ExposeSecret;

use crate::{
    config::Config,
    domain::clock::{Clock, Entropy},
    flows::{
        self, Failure,
        backup::{Backups, Identities, Identity, Place, Progress},
        dump::Name,
        list_backups::Listed,
        restore::{NotRestored, Order, Restored},
    },
    system::{
        archive::{Access, Archive, ArchiveError, Bucket, Folder},
        clock::SystemClock,
        entropy::OsEntropy,
    },
};

use super::{
    CannotRun, World,
    keys::{must_be_there, vault},
    refused,
};

/// Opens the store, where there is one, and the archive.
pub async fn with_backups<T>(
    config: &Config,
    place: Place,
    work: impl AsyncFnOnce(&Backups) -> T,
) -> Result<T, CannotRun> {
    must_be_there(config)?;
    let backups = open(config, place)?;
    let done = work(&backups).await;
    backups.store.close().await;
    Ok(done)
}

/// What is to be restored, and how.
pub struct Wanted {
    pub place: Place,
    pub identities: Option<Identities>,
    pub replace: bool,
    pub without_keys: bool,
}

pub async fn restore(
    config: &Config,
    wanted: Wanted,
    progress: Progress<'_>,
) -> Result<Result<Restored, Failure<NotRestored>>, CannotRun> {
    let Wanted { place, identities, replace, without_keys } = wanted;
    let (place, name) = place.split();
    let backups = open(config, place)?;
    let vault = if without_keys { None } else { Some(vault(config, &*backups.entropy)?) };
    let order = Order { name: name.map(Name::given), identities, replace, vault };
    let done = flows::restore::restore(&backups, &order, progress).await;
    backups.store.close().await;
    Ok(done)
}

/// Of an archive; nobody asks for the store.
pub async fn list_backups(
    config: &Config,
    place: Place,
) -> Result<Result<Vec<Listed>, Failure<ArchiveError>>, CannotRun> {
    let archive =
        archive(config, place, &(Arc::new(SystemClock::start()) as _), &(Arc::new(OsEntropy) as _))?;
    Ok(flows::list_backups::list_backups(&*archive).await)
}

/// A new one, of which nobody else knows.
pub fn identity() -> Result<Identity, CannotRun> {
    Identity::generate(&OsEntropy).map_err(refused)
}

fn open(config: &Config, place: Place) -> Result<Backups, CannotRun> {
    let World { store, clock, entropy } = World::real(config)?;
    let archive = archive(config, place, &clock, &entropy)?;
    Ok(Backups { store, archive, clock, entropy })
}

fn archive(
    config: &Config,
    place: Place,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<Box<dyn Archive>, CannotRun> {
    let (bucket, prefix) = match place {
        Place::Folder(path) => return Ok(Box::new(Folder(path))),
        Place::Bucket { bucket, prefix } => (bucket, prefix),
    };
    let settings = &config.backup;
    if settings.s3_access_key.is_empty() || settings.s3_secret_key.expose_secret().is_empty() {
        let both =
            "PORTCULLIS_BACKUP_S3_ACCESS_KEY and PORTCULLIS_BACKUP_S3_SECRET_KEY must be set for s3://";
        return Err(CannotRun::Missing(both.to_owned()));
    }
    let amazon = || format!("https://s3.{}.amazonaws.com", settings.s3_region).parse();
    let access = Access {
        endpoint: settings.s3_endpoint.clone().map_or_else(amazon, Ok).map_err(refused)?,
        region: settings.s3_region.clone(),
        access_key: settings.s3_access_key.clone(),
        secret_key: settings.s3_secret_key.clone(),
    };
    let bucket = Bucket::open(access, bucket, prefix, Arc::clone(clock), Arc::clone(entropy));
    Ok(Box::new(bucket.map_err(refused)?))
}

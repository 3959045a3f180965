//! What backing up and restoring need, put together: the store, and the place where backups are kept.

use std::{sync::Arc, time::Duration};

use secrecy::ExposeSecret;

use crate::{
    config::Config,
    domain::clock::{Clock, Entropy},
    flows::{
        self, Failure,
        backup::{Backups, Identities, Identity, Place, Progress},
        check_backup::{self, Held, Unfit},
        dump::Name,
        list_backups::Listed,
        restore::{NotRestored, Order, Restored},
    },
    system::{
        archive::{Access, Archive, ArchiveError, Bucket, Folder, Pipe},
        clock::SystemClock,
        entropy::OsEntropy,
    },
};

use super::{
    CannotRun, World,
    keys::{must_be_set, must_be_there, vault, vault_as_it_is},
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

/// What is to be read back.
pub struct Wanted {
    pub place: Place,
    pub identities: Option<Identities>,
    pub without_keys: bool,
}

impl Wanted {
    fn split(self, config: &Config) -> Result<(Place, check_backup::Wanted), CannotRun> {
        let (place, name) = self.place.split();
        let vault = if self.without_keys { None } else { Some(vault_as_it_is(config, &OsEntropy)?) };
        let name = name.map(Name::given);
        Ok((place, check_backup::Wanted { name, identities: self.identities, vault }))
    }
}

pub async fn restore(
    config: &Config,
    wanted: Wanted,
    replace: bool,
    progress: Progress<'_>,
) -> Result<Result<Restored, Failure<NotRestored>>, CannotRun> {
    must_be_set(&config.key_secret)?;
    let (place, wanted) = wanted.split(config)?;
    let backups = open(config, place)?;
    let done = flows::restore::restore(&backups, &Order { wanted, replace }, progress).await;
    let done = match done {
        Ok(restored) => note_restored(config, &backups, &restored.held.name).await?.map(|()| restored),
        failed => failed,
    };
    backups.store.close().await;
    Ok(done)
}

/// Only by now there may be a key secret that was not there before.
async fn note_restored(
    config: &Config,
    backups: &Backups,
    backup: &Name,
) -> Result<Result<(), Failure<NotRestored>>, CannotRun> {
    let vault = vault(&config.key_secret, &OsEntropy)?;
    Ok(flows::restore::note_restored(backups, &vault, backup).await)
}

/// Nobody asks for the store.
pub async fn check_backup(
    config: &Config,
    wanted: Wanted,
    progress: Progress<'_>,
) -> Result<Result<(Held, Duration), Failure<Unfit>>, CannotRun> {
    let (place, wanted) = wanted.split(config)?;
    let (clock, entropy) = machine();
    let archive = archive(config, place, &clock, &entropy)?;
    Ok(check_backup::check_backup(&*archive, &*clock, &wanted, progress).await)
}

/// Of an archive; nobody asks for the store.
pub async fn list_backups(
    config: &Config,
    place: Place,
) -> Result<Result<Vec<Listed>, Failure<ArchiveError>>, CannotRun> {
    let (clock, entropy) = machine();
    let archive = archive(config, place, &clock, &entropy)?;
    Ok(flows::list_backups::list_backups(&*archive).await)
}

/// A new one, of which nobody else knows.
pub fn identity() -> Result<Identity, CannotRun> {
    Identity::generate(&OsEntropy).map_err(refused)
}

fn open(config: &Config, place: Place) -> Result<Backups, CannotRun> {
    let World { store, clock, entropy, .. } = World::real(config)?;
    let archive = archive(config, place, &clock, &entropy)?;
    Ok(Backups { store, archive, clock, entropy })
}

fn machine() -> (Arc<dyn Clock>, Arc<dyn Entropy>) {
    (Arc::new(SystemClock::start()), Arc::new(OsEntropy))
}

fn archive(
    config: &Config,
    place: Place,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<Box<dyn Archive>, CannotRun> {
    let (bucket, prefix) = match place {
        Place::Pipe => return Ok(Box::new(Pipe::new(config.data.dir.clone()))),
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

//! Restore: an empty store becomes what a backup holds, and nobody is signed in.
//!
//! The backup is read twice: once to see that it is whole, before anything is touched, and once to bring it back. What the
//! store then holds is compared with what was put there.

use std::sync::Arc;

use crate::{
    domain::record::{Kind, Record},
    store::{MigrateError, Store, StoreError},
    system::{
        archive::ArchiveError,
        vault::{Vault, VaultError},
    },
};

use super::{
    Failure,
    backup::{Backups, Identities, Progress, not_open},
    dump::{DumpError, Header, Name, Reader, Sums, Tally},
    key_ring::label,
    list_backups::list_backups,
};

pub struct Order {
    /// `None` for the newest.
    pub name: Option<Name>,
    /// `None` for one that is not encrypted.
    pub identities: Option<Identities>,
    /// Whether what the store holds may go.
    pub replace: bool,
    /// `None` to leave the signing keys out, where nobody has the secret that they are sealed with any more.
    pub vault: Option<Arc<Vault>>,
}

#[derive(Debug)]
pub struct Restored {
    pub name: Name,
    pub header: Header,
    /// Of what the backup holds.
    pub sums: Sums,
}

#[derive(Debug, thiserror::Error)]
pub enum NotRestored {
    #[error("there is no backup")]
    NoBackup,
    #[error("the backup {0} cannot be restored: {1}")]
    Dump(Name, DumpError),
    #[error(
        "the backup {0} cannot be restored: its signing keys do not open: {1}; give the key secret that they were sealed with, or leave them out (--without-keys)"
    )]
    Keys(Name, VaultError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("{0}")]
    Store(MigrateError),
    #[error("the store is not empty: use an empty one, or replace what it holds (--replace)")]
    NotEmpty,
    #[error("somebody else writes to the store: stop the service, and restore again")]
    NotAlone,
}

pub async fn restore(
    backups: &Backups,
    order: &Order,
    progress: Progress<'_>,
) -> Result<Restored, Failure<NotRestored>> {
    let name = match &order.name {
        Some(name) => name.clone(),
        None => newest(backups).await?,
    };
    let check = async |records: Vec<Record>| must_open(&name, order, &records);
    let (header, sums) = read(backups, order, &name, check).await?;

    make_room(backups, order).await?;
    let now = backups.clock.now();
    let mut put = Tally::default();
    let bring_back = async |records: Vec<Record>| {
        let kept = |record: &Record| order.vault.is_some() || record.kind() != Kind::SigningKeys;
        let records = records.into_iter().filter(kept).filter_map(|record| record.revived(now));
        let records: Vec<_> = records.collect();
        let tallied = records.iter().try_for_each(|record| put.add(record));
        tallied.map_err(|error| NotRestored::Dump(name.clone(), error))?;
        progress(put.records());
        match backups.store.import(records).await {
            Err(StoreError::Taken) => Err(NotRestored::NotAlone.into()),
            imported => Ok(imported?),
        }
    };
    let (_, again) = read(backups, order, &name, bring_back).await?;
    if again != sums {
        let changed = DumpError::Damaged("it has changed since it was checked");
        return Err(NotRestored::Dump(name, changed).into());
    }
    if held(&*backups.store).await?.sums() != put.sums() {
        return Err(NotRestored::NotAlone.into());
    }
    backups.store.end_import().await?;
    Ok(Restored { name, header, sums })
}

async fn newest(backups: &Backups) -> Result<Name, Failure<NotRestored>> {
    let listed = list_backups(&*backups.archive).await;
    let listed = listed.map_err(|failure| failure.refused_by(NotRestored::Archive))?;
    Ok(listed.into_iter().next().ok_or(NotRestored::NoBackup)?.name)
}

/// Hands on the records in portions. It is whole once this is `Ok`.
async fn read(
    backups: &Backups,
    order: &Order,
    name: &Name,
    mut each: impl AsyncFnMut(Vec<Record>) -> Result<(), Failure<NotRestored>>,
) -> Result<(Header, Sums), Failure<NotRestored>> {
    let wrong = |error| NotRestored::Dump(name.clone(), error);
    let mut source = backups.archive.open(name.as_str()).await.map_err(NotRestored::Archive)?;
    let mut reader = Reader::new(order.identities.clone());
    loop {
        let bytes = source.read().await.map_err(NotRestored::Archive)?;
        if bytes.is_empty() {
            break;
        }
        for piece in bytes.chunks(PIECE) {
            each(reader.push(piece).map_err(wrong)?).await?;
        }
    }
    let (rest, header, sums) = reader.finish().map_err(wrong)?;
    each(rest).await?;
    Ok((header, sums))
}

/// Packed; some hundred records.
const PIECE: usize = 64 * 1024;

fn must_open(name: &Name, order: &Order, records: &[Record]) -> Result<(), Failure<NotRestored>> {
    let Some(vault) = &order.vault else { return Ok(()) };
    for record in records {
        if let Record::SigningKey(key) = record {
            let opened = vault.open(&key.private, label(key.id));
            opened.map_err(|why| NotRestored::Keys(name.clone(), why))?;
        }
    }
    Ok(())
}

/// What an earlier restore left behind when it broke off may go unasked.
async fn make_room(backups: &Backups, order: &Order) -> Result<(), Failure<NotRestored>> {
    let store = &*backups.store;
    match store.migrate(backups.clock.now()).await {
        Ok(()) if order.replace || is_empty(store).await? => {}
        Ok(()) => return Err(NotRestored::NotEmpty.into()),
        Err(MigrateError::Importing) => {}
        Err(error) => return Err(not_open(error, NotRestored::Store)),
    }
    Ok(store.begin_import(backups.clock.now()).await?)
}

/// A service that was started on it and that nobody has signed up to has made a signing key and nothing else.
async fn is_empty(store: &dyn Store) -> Result<bool, Failure<NotRestored>> {
    let mut export = store.export().await?;
    loop {
        let records = export.next().await?;
        if records.is_empty() {
            return Ok(true);
        }
        if records.iter().any(|record| record.kind() != Kind::SigningKeys) {
            return Ok(false);
        }
    }
}

async fn held(store: &dyn Store) -> Result<Tally, Failure<NotRestored>> {
    let (mut export, mut held) = (store.export().await?, Tally::default());
    loop {
        let records = export.next().await?;
        if records.is_empty() {
            return Ok(held);
        }
        let tallied = records.iter().try_for_each(|record| held.add(record));
        tallied.map_err(|error| Failure::Broken(error.into()))?;
    }
}

impl From<NotRestored> for Failure<NotRestored> {
    fn from(refused: NotRestored) -> Self {
        Self::Refused(refused)
    }
}

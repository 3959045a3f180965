//! Restore: an empty store becomes what a backup holds, and nobody is signed in.
//!
//! The backup is read twice: once to see that it is whole, before anything is touched, and once to bring it back. What the
//! store then holds is compared with what was put there.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    domain::{
        event::{Actor, Detail, EventKind, Happening},
        record::{Kind, Record},
    },
    store::{MigrateError, Store, StoreError},
    system::vault::Vault,
};

use super::{
    Failure,
    backup::{Backups, Progress, not_open},
    check_backup::{Held, Unfit, Wanted, check_backup, read},
    dump::{DumpError, Name, Tally},
    journal::Pen,
};

pub struct Order {
    pub wanted: Wanted,
    /// Whether what the store holds may go.
    pub replace: bool,
}

#[derive(Debug)]
pub struct Restored {
    pub held: Held,
    pub took: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum NotRestored {
    #[error(transparent)]
    Unfit(#[from] Unfit),
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
    let begun = backups.clock.uptime();
    let (archive, wanted) = (&*backups.archive, &order.wanted);
    let checked = check_backup(archive, &*backups.clock, wanted, &mut |_| ()).await;
    let (held, _) = checked.map_err(|failure| failure.refused_by(NotRestored::Unfit))?;
    let unfit = |error| NotRestored::Unfit(Unfit::Dump(held.name.clone(), error));

    let now = backups.clock.now();
    make_room(backups, order, now).await?;
    let mut put = Tally::default();
    let bring_back = async |records: Vec<Record>| {
        let kept = |record: &Record| wanted.vault.is_some() || record.kind() != Kind::SigningKeys;
        let records = records.into_iter().filter(kept).filter_map(|record| record.revived(now));
        let records: Vec<_> = records.collect();
        records.iter().try_for_each(|record| put.add(record)).map_err(unfit)?;
        progress(put.records());
        match backups.store.import(records).await {
            Err(StoreError::Taken) => Err(NotRestored::NotAlone.into()),
            imported => Ok(imported?),
        }
    };
    let again = read(archive, &held.name, wanted, bring_back).await?;
    if again.sums != held.sums {
        return Err(unfit(DumpError::Damaged("it has changed since it was checked")).into());
    }
    if tally(&*backups.store).await?.sums() != put.sums() {
        return Err(NotRestored::NotAlone.into());
    }
    match backups.store.end_import(now).await {
        Err(StoreError::Stale) => return Err(NotRestored::NotAlone.into()),
        ended => ended?,
    }
    Ok(Restored { held, took: backups.clock.uptime().saturating_sub(begun) })
}

/// With the key secret that the service will have.
pub async fn note_restored(
    backups: &Backups,
    vault: &Vault,
    backup: &Name,
) -> Result<(), Failure<NotRestored>> {
    let pen = Pen { store: &*backups.store, clock: &*backups.clock, entropy: &*backups.entropy, vault };
    let restored = Happening::by(Actor::Operator, EventKind::BackupRestored);
    pen.did(restored.in_detail(Detail::of(backup))).await
}

/// What an earlier restore left behind when it broke off may go unasked.
async fn make_room(backups: &Backups, order: &Order, now: Timestamp) -> Result<(), Failure<NotRestored>> {
    let store = &*backups.store;
    match store.migrate(now).await {
        Ok(()) if order.replace || is_empty(store).await? => {}
        Ok(()) => return Err(NotRestored::NotEmpty.into()),
        Err(MigrateError::Importing) => {}
        Err(error) => return Err(not_open(error, NotRestored::Store)),
    }
    Ok(store.begin_import(now).await?)
}

/// A service that was started on it and that nobody has signed up to has made a signing key, written that down, and nothing else.
async fn is_empty(store: &dyn Store) -> Result<bool, Failure<NotRestored>> {
    let mut export = store.export().await?;
    loop {
        let records = export.next().await?;
        if records.is_empty() {
            return Ok(true);
        }
        let is_its_own = |record: &Record| match record {
            Record::SigningKey(_) => true,
            Record::Event(event) => event.actor == Actor::Service && event.user_id.is_none(),
            _ => false,
        };
        if !records.iter().all(is_its_own) {
            return Ok(false);
        }
    }
}

async fn tally(store: &dyn Store) -> Result<Tally, Failure<NotRestored>> {
    let (mut export, mut tally) = (store.export().await?, Tally::default());
    loop {
        let records = export.next().await?;
        if records.is_empty() {
            return Ok(tally);
        }
        let tallied = records.iter().try_for_each(|record| tally.add(record));
        tallied.map_err(|error| Failure::Broken(error.into()))?;
    }
}

impl From<NotRestored> for Failure<NotRestored> {
    fn from(refused: NotRestored) -> Self {
        Self::Refused(refused)
    }
}

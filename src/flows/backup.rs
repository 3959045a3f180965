//! Back up: everything that the store holds at one moment, into one file that is whole or not there.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    domain::clock::{Clock, Entropy},
    store::{Export, MigrateError, Store},
    system::archive::{Archive, ArchiveError, Draft},
};

use super::{
    Failure,
    dump::{DumpError, Header, Name, Sums, Writer},
    list_backups::list_backups,
};

pub use crate::system::{
    age::{Identities, Identity, NotAKey, Recipient},
    archive::{NotAPlace, Place},
};

/// What it takes to keep backups.
pub struct Backups {
    pub store: Arc<dyn Store>,
    pub archive: Box<dyn Archive>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

pub struct Order {
    /// Whoever may read it; without any, everybody may.
    pub recipients: Vec<Recipient>,
    /// How many are kept, this one included; of all others the oldest go.
    pub keep: Option<NonZeroUsize>,
}

/// What was made, and what went for it.
#[derive(Debug)]
pub struct Made {
    pub name: Name,
    pub size: u64,
    pub took: Duration,
    pub sums: Sums,
    pub removed: Vec<Name>,
}

#[derive(Debug, thiserror::Error)]
pub enum NotBackedUp {
    #[error("{0}")]
    Store(MigrateError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Dump(#[from] DumpError),
    #[error("told to end: nothing is kept of this backup")]
    Stopped,
    /// What was asked for is done all the same.
    #[error("the backup {made} is whole, and an older one could not be removed: {why}")]
    NotRemoved { made: Name, why: ArchiveError },
}

/// How many records are done.
pub type Progress<'a> = &'a mut (dyn FnMut(u64) + Send);

/// It needs no right to change the store. Once told to stop, it leaves nothing behind; one that is all
/// written is finished.
pub async fn backup(
    backups: &Backups,
    order: &Order,
    stop: &CancellationToken,
    progress: Progress<'_>,
) -> Result<Made, Failure<NotBackedUp>> {
    let begun = backups.clock.uptime();
    let at = backups.clock.now();
    let name = Name::new(at, !order.recipients.is_empty());
    let opened = async {
        backups.store.examine().await.map_err(|error| not_open(error, NotBackedUp::Store))?;
        let export = backups.store.export().await?;
        let draft = backups.archive.create(name.as_str()).await.map_err(NotBackedUp::Archive)?;
        Ok::<_, Failure<NotBackedUp>>((export, draft))
    };
    let (mut export, mut draft) = unless(stop, opened).await?;
    let writer = Writer::new(&Header::new(at), &order.recipients, &*backups.entropy);
    let writer = writer.map_err(NotBackedUp::Dump)?;

    let written = unless(stop, write(&mut *export, writer, &mut *draft, progress)).await;
    let (size, sums) = match written {
        Ok(written) => written,
        Err(failure) => {
            draft.abandon().await;
            return Err(failure);
        }
    };
    draft.finish().await.map_err(NotBackedUp::Archive)?;
    let took = backups.clock.uptime().saturating_sub(begun);
    let not_removed = |why| NotBackedUp::NotRemoved { made: name.clone(), why };
    let removed = prune(backups, &name, order.keep).await;
    let removed = removed.map_err(|failure| failure.refused_by(not_removed))?;
    Ok(Made { name, size, took, sums, removed })
}

async fn unless<T>(
    stop: &CancellationToken,
    work: impl Future<Output = Result<T, Failure<NotBackedUp>>>,
) -> Result<T, Failure<NotBackedUp>> {
    stop.run_until_cancelled(work).await.unwrap_or_else(|| Err(NotBackedUp::Stopped.into()))
}

async fn write(
    export: &mut dyn Export,
    mut writer: Writer,
    draft: &mut dyn Draft,
    progress: Progress<'_>,
) -> Result<(u64, Sums), Failure<NotBackedUp>> {
    let mut size = 0;
    loop {
        let records = export.next().await?;
        if records.is_empty() {
            break;
        }
        records.iter().try_for_each(|record| writer.add(record)).map_err(NotBackedUp::Dump)?;
        let bytes = writer.take().map_err(NotBackedUp::Dump)?;
        draft.write(&bytes).await.map_err(NotBackedUp::Archive)?;
        size += bytes.len() as u64;
        progress(writer.records());
    }
    let (rest, sums) = writer.finish().map_err(NotBackedUp::Dump)?;
    draft.write(&rest).await.map_err(NotBackedUp::Archive)?;
    Ok((size + rest.len() as u64, sums))
}

/// Removes all but the newest and the one that was just made, whatever the clock said when the others were; files that
/// are no backups of ours are not even counted.
async fn prune(
    backups: &Backups,
    made: &Name,
    keep: Option<NonZeroUsize>,
) -> Result<Vec<Name>, Failure<ArchiveError>> {
    let Some(keep) = keep else { return Ok(Vec::new()) };
    let mut removed = Vec::new();
    let others = list_backups(&*backups.archive).await?.into_iter().filter(|other| other.name != *made);
    for old in others.skip(keep.get() - 1) {
        backups.archive.remove(old.name.as_str()).await.map_err(Failure::Refused)?;
        removed.push(old.name);
    }
    Ok(removed)
}

/// A store that is away is no reason to do anything but try again.
pub(super) fn not_open<R>(error: MigrateError, refuse: impl FnOnce(MigrateError) -> R) -> Failure<R> {
    match error {
        MigrateError::Unavailable(source) => Failure::Unavailable(source),
        error => Failure::Refused(refuse(error)),
    }
}

impl From<NotBackedUp> for Failure<NotBackedUp> {
    fn from(refused: NotBackedUp) -> Self {
        Self::Refused(refused)
    }
}

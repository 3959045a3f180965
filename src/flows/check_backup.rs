//! Check a backup: read it from its beginning to its end, and touch nothing.

use std::{sync::Arc, time::Duration};

use crate::{
    domain::{clock::Clock, record::Record},
    system::{
        archive::{Archive, ArchiveError},
        vault::{Vault, VaultError},
    },
};

use super::{
    Failure,
    backup::{Identities, Progress},
    dump::{DumpError, Header, Name, Reader, Sums},
    key_ring::label,
    list_backups::list_backups,
};

pub struct Wanted {
    /// `None` for the newest.
    pub name: Option<Name>,
    /// `None` for one that is not encrypted.
    pub identities: Option<Identities>,
    /// `None` to leave the signing keys out, where nobody has the secret that they are sealed with any more.
    pub vault: Option<Arc<Vault>>,
}

/// What a backup holds that is whole.
#[derive(Clone, Debug)]
pub struct Held {
    pub name: Name,
    pub header: Header,
    pub sums: Sums,
    pub size: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum Unfit {
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
}

/// And how long that took.
pub async fn check_backup(
    archive: &dyn Archive,
    clock: &dyn Clock,
    wanted: &Wanted,
    progress: Progress<'_>,
) -> Result<(Held, Duration), Failure<Unfit>> {
    let begun = clock.uptime();
    let name = match &wanted.name {
        Some(name) => name.clone(),
        None => newest(archive).await?,
    };
    let mut read_so_far = 0;
    let check = async |records: Vec<Record>| {
        must_open(&name, wanted, &records)?;
        read_so_far += records.len() as u64;
        progress(read_so_far);
        Ok::<_, Failure<Unfit>>(())
    };
    let held = read(archive, &name, wanted, check).await?;
    Ok((held, clock.uptime().saturating_sub(begun)))
}

async fn newest(archive: &dyn Archive) -> Result<Name, Failure<Unfit>> {
    let listed = list_backups(archive).await.map_err(|failure| failure.refused_by(Unfit::Archive))?;
    Ok(listed.into_iter().next().ok_or(Unfit::NoBackup)?.name)
}

/// Hands on the records in portions. It is whole once this is `Ok`.
pub(super) async fn read<R: From<Unfit>>(
    archive: &dyn Archive,
    name: &Name,
    wanted: &Wanted,
    mut each: impl AsyncFnMut(Vec<Record>) -> Result<(), Failure<R>>,
) -> Result<Held, Failure<R>> {
    let wrong = |error| refused(Unfit::Dump(name.clone(), error));
    let away = |error| refused(Unfit::Archive(error));
    let mut source = archive.open(name.as_str()).await.map_err(away)?;
    let (mut reader, mut size) = (Reader::new(wanted.identities.clone()), 0);
    loop {
        let bytes = source.read().await.map_err(away)?;
        if bytes.is_empty() {
            break;
        }
        size += bytes.len() as u64;
        for piece in bytes.chunks(PIECE) {
            each(reader.push(piece).map_err(wrong)?).await?;
        }
    }
    let (rest, header, sums) = reader.finish().map_err(wrong)?;
    each(rest).await?;
    Ok(Held { name: name.clone(), header, sums, size })
}

/// Packed; some hundred records.
const PIECE: usize = 64 * 1024;

fn must_open(name: &Name, wanted: &Wanted, records: &[Record]) -> Result<(), Unfit> {
    let Some(vault) = &wanted.vault else { return Ok(()) };
    for record in records {
        if let Record::SigningKey(key) = record {
            let opened = vault.open(&key.private, label(key.id));
            opened.map_err(|why| Unfit::Keys(name.clone(), why))?;
        }
    }
    Ok(())
}

fn refused<R: From<Unfit>>(unfit: Unfit) -> Failure<R> {
    Failure::Refused(unfit.into())
}

impl From<Unfit> for Failure<Unfit> {
    fn from(refused: Unfit) -> Self {
        Self::Refused(refused)
    }
}

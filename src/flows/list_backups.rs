//! List the backups of an archive.

use crate::system::archive::{Archive, ArchiveError};

use super::{Failure, dump::Name};

/// One that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub name: Name,
    pub size: u64,
}

/// The newest first. What else is kept there is left out.
pub async fn list_backups(archive: &dyn Archive) -> Result<Vec<Listed>, Failure<ArchiveError>> {
    let all = archive.list().await.map_err(Failure::Refused)?;
    let ours =
        all.into_iter().filter_map(|kept| Some(Listed { name: Name::parse(&kept.name)?, size: kept.size }));
    let mut ours: Vec<_> = ours.collect();
    ours.sort_by(|a, b| b.name.cmp(&a.name));
    Ok(ours)
}

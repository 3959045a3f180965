//! Where the database is, and making room for it there.

use std::{
    fmt,
    fs::{DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::store::MigrateError;

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    File(PathBuf),
    /// Gone with the process: for trying things out.
    Memory,
}

impl Location {
    /// Makes the file and the folders above it, for their owner alone: what is in it is nobody else's business.
    pub(super) fn prepare(&self) -> Result<(), MigrateError> {
        let Self::File(path) = self else { return Ok(()) };
        create(path).map_err(|error| MigrateError::Refused(format!("{self} cannot be made: {error}")))
    }
}

fn create(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| in_the_way(folder).unwrap_or(error))?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

/// The system says "exists" or "not a directory", and not of what.
fn in_the_way(folder: &Path) -> Option<io::Error> {
    let file = folder.ancestors().find(|path| path.exists() && !path.is_dir())?;
    Some(io::Error::other(format!("{} is a file and should be a directory", file.display())))
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Memory => f.write_str("the database in memory"),
        }
    }
}

//! The store as it was opened: its lanes, and where changes are told.

use std::sync::Arc;

use rusqlite::Connection;

use super::{
    changes::Told,
    connection::Role,
    lane::{Lane, Size},
    location::Location,
};
use crate::store::{Change, DEADLINE, MigrateError, StoreError, Traffic};

/// A database in one file, which other processes on this machine may have open as well.
pub struct SqliteStore {
    pub(super) location: Location,
    /// One thread, because SQLite takes one write at a time whatever we do.
    pub(super) writer: Arc<Lane>,
    /// The same as `writer` for a database in memory, which lives in a single connection.
    pub(super) readers: Arc<Lane>,
    pub(super) told: Told,
}

impl SqliteStore {
    /// Makes the file if there is none. Connections are opened when they are first needed, so what may be wrong with a
    /// file that was there is told by `migrate`.
    pub fn open(location: Location) -> Result<Self, MigrateError> {
        location.prepare()?;
        let traffic = Arc::new(Traffic::of("sqlite"));
        let start = |role, size| {
            let lane = Lane::start(&location, role, size, DEADLINE, Arc::clone(&traffic));
            lane.map(Arc::new).map_err(|error| MigrateError::Unavailable(error.into()))
        };
        let writer = start(Role::Writer, Size::WRITER)?;
        let readers = match location {
            Location::Memory => Arc::clone(&writer),
            Location::File(_) => start(Role::Reader, Size::of_readers())?,
        };
        Ok(Self { location, writer, readers, told: Told::default() })
    }

    /// Told by the thread that writes: before the caller hears of it, and although the caller may be gone by then.
    pub(super) async fn write_and_tell<T: Send + 'static>(
        &self,
        change: Change,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let told = self.told.clone();
        self.writer.write_then(work, move || told.tell(change)).await
    }
}

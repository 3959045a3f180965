//! A thread's own connection to the database: opened when it is needed, dropped when it can no longer be trusted.

use std::{fmt, thread, time::Duration};

use rusqlite::{Connection, OpenFlags, ffi};

use super::location::Location;
use crate::system::clock::Stopwatch;

/// How long to wait for another process that is writing: shorter than the deadline, so that the answer can still be
/// that nothing happened.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(2);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Writer,
    Reader,
}

/// One thread's line to the database.
pub(super) struct Link {
    location: Location,
    role: Role,
    connection: Option<Connection>,
}

/// How a transaction can fail, as far as it matters to what may be said about it.
#[derive(Debug)]
pub(super) enum Failed<E> {
    /// Nobody waited for it any more when it could have begun.
    Abandoned,
    /// It could not begin.
    Begin(rusqlite::Error),
    /// What was to be done could not be, and none of it was.
    Work(E),
    /// It was not written, and SQLite took it back.
    TakenBack(rusqlite::Error),
    /// It may be on the disk or not.
    Unknown(rusqlite::Error),
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Writer => "writer",
            Self::Reader => "reader",
        })
    }
}

impl Link {
    pub(super) const fn new(location: Location, role: Role) -> Self {
        Self { location, role, connection: None }
    }

    /// For one statement that reads.
    pub(super) fn read<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let answer = work(self.connection()?);
        if answer.as_ref().is_err_and(|error| error.sqlite_error_code().is_some()) {
            self.hang_up();
        }
        answer
    }

    /// Does `work` wholly or not at all. `may_begin` is asked once nothing stands in its way any more.
    pub(super) fn transact<T, E>(
        &mut self,
        may_begin: impl FnOnce() -> bool,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, Failed<E>> {
        let connection = self.connection().map_err(Failed::Begin)?;
        // Takes the lock at once: a transaction that began as a reader can be refused halfway.
        if let Err(error) = run(connection, "BEGIN IMMEDIATE") {
            if !is_busy(&error) {
                self.hang_up();
            }
            return Err(Failed::Begin(error));
        }
        if !may_begin() {
            self.take_back();
            return Err(Failed::Abandoned);
        }
        match work(connection) {
            Ok(done) => self.commit().map(|()| done),
            Err(error) => {
                self.take_back();
                Err(Failed::Work(error))
            }
        }
    }

    fn commit<E>(&mut self) -> Result<(), Failed<E>> {
        let connection = self.connection().map_err(Failed::Unknown)?;
        let Err(error) = run(connection, "COMMIT") else { return Ok(()) };
        // An error that leaves the transaction open came before anything was written. One that ends it, such as a disk
        // that failed to sync, may have left on the disk what a restart would take for committed.
        let still_open = !connection.is_autocommit();
        self.take_back();
        Err(if still_open { Failed::TakenBack(error) } else { Failed::Unknown(error) })
    }

    /// Ends the transaction without a trace. A connection that ended it by itself, or cannot end it, met with something
    /// serious: a new one starts from what is on the disk.
    pub(super) fn take_back(&mut self) {
        let ended = self
            .connection
            .as_ref()
            .is_none_or(|connection| !connection.is_autocommit() && run(connection, "ROLLBACK").is_ok());
        if !ended {
            self.hang_up();
        }
    }

    /// Statistics for the planner, and everything back from the log into the file.
    pub(super) fn close(mut self) {
        let Some(connection) = self.connection.take() else { return };
        if self.role == Role::Writer
            && let Err(error) = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);")
        {
            tracing::warn!(cause = %error, "could not tidy up the database; nothing is lost");
        }
    }

    pub(super) fn connection(&mut self) -> rusqlite::Result<&Connection> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.location, self.role)?,
        };
        Ok(self.connection.insert(connection))
    }

    /// The database in memory is its connection, and no disk can fail it.
    fn hang_up(&mut self) {
        if self.location != Location::Memory {
            self.connection = None;
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ffi::ErrorCode::DatabaseBusy)
}

fn run(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}

fn connect(location: &Location, role: Role) -> rusqlite::Result<Connection> {
    let connection = match location {
        Location::Memory => Connection::open_in_memory()?,
        // Without `CREATE`: a file that has vanished is an error, not an occasion for an empty one.
        Location::File(path) => Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?,
    };
    connection.busy_timeout(LOCK_WAIT)?;
    // `FULL` syncs every commit, so that `Ok` also outlives a power cut.
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
         PRAGMA journal_size_limit = 16777216;",
    )?;
    if role == Role::Reader {
        connection.execute_batch("PRAGMA query_only = ON;")?;
    }
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// With it readers and the writer do not wait for each other. The file remembers it; switching needs the file alone, and
/// SQLite does not wait for that by itself when several try at once.
pub(super) fn use_write_ahead_log(connection: &Connection) -> rusqlite::Result<()> {
    let stopwatch = Stopwatch::start();
    loop {
        let mode: rusqlite::Result<String> =
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match mode {
            // A database in memory has no log, and needs none.
            Ok(mode) if mode == "wal" || mode == "memory" => return Ok(()),
            Ok(_) => {
                let says =
                    "the file system cannot share memory between processes, as the write-ahead log needs";
                return Err(rusqlite::Error::SqliteFailure(
                    ffi::Error::new(ffi::SQLITE_CANTOPEN),
                    Some(says.into()),
                ));
            }
            Err(error) if is_busy(&error) && stopwatch.elapsed() < LOCK_WAIT => {
                thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting<T: rusqlite::types::FromSql>(link: &mut Link, name: &str) -> T {
        link.connection().unwrap().pragma_query_value(None, name, |row| row.get(0)).unwrap()
    }

    #[test]
    fn commits_are_synced_and_readers_cannot_write() {
        for role in [Role::Writer, Role::Reader] {
            let mut link = Link::new(Location::Memory, role);
            assert_eq!(setting::<u32>(&mut link, "synchronous"), 2, "FULL");
            assert_eq!(setting::<u32>(&mut link, "temp_store"), 2, "MEMORY");
            assert_eq!(setting::<bool>(&mut link, "query_only"), role == Role::Reader);
            assert!(
                u128::from(setting::<u32>(&mut link, "busy_timeout")) < crate::store::DEADLINE.as_millis()
            );
        }
    }
}

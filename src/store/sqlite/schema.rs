//! The schema and its versions: each migration is written once and never changed after a release.

use jiff::Timestamp;
use rusqlite::Connection;

use super::settings;

/// The schema has version `n` once the first `n` of these have run.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
];

/// Why a database is left as it is.
#[derive(Debug)]
pub(super) enum Halt {
    Sqlite(rusqlite::Error),
    /// A later release has been here.
    FromTheFuture {
        found: u32,
        known: u32,
    },
    /// It has tables, and none of them is ours.
    Foreign,
    /// An earlier release has been here, or nobody.
    Behind,
    /// What it holds is half of what it should.
    Importing,
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Whether it may be migrated at all; asked before anything in the file is touched.
pub(super) fn examine(connection: &Connection) -> Result<u32, Halt> {
    let (found, known) = (version(connection)?, newest());
    if found > known { Err(Halt::FromTheFuture { found, known }) } else { Ok(found) }
}

/// Whether it may be read as it is.
pub(super) fn must_be_current(connection: &Connection) -> Result<(), Halt> {
    if examine(connection)? < newest() { Err(Halt::Behind) } else { must_be_whole(connection) }
}

pub(super) fn must_be_whole(connection: &Connection) -> Result<(), Halt> {
    if settings::is_importing(connection)? { Err(Halt::Importing) } else { Ok(()) }
}

/// To be called in a transaction that writes, which is the lock against everybody else who migrates.
pub(super) fn migrate(connection: &Connection, now: Timestamp) -> Result<(), Halt> {
    let (found, known) = (examine(connection)?, newest());
    if found < known {
        for migration in MIGRATIONS.iter().skip(found as usize) {
            connection.execute_batch(migration)?;
        }
        settings::set_schema_version(connection, known, now)?;
    }
    Ok(())
}

fn newest() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// 0 for a new file. Reads the list of tables itself: what the connection remembers of it may be out of date.
fn version(connection: &Connection) -> Result<u32, Halt> {
    let tables = "SELECT count(*), count(*) FILTER (WHERE name = 'settings') FROM sqlite_schema";
    match connection.query_row(tables, [], |row| Ok((row.get(0)?, row.get(1)?)))? {
        (0_u32, _) => Ok(0),
        (_, 0_u32) => Err(Halt::Foreign),
        _ => settings::schema_version(connection)?.ok_or(Halt::Foreign),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_database_gets_the_newest_schema_and_keeps_it() {
        let connection = Connection::open_in_memory().unwrap();
        for _ in 0..2 {
            migrate(&connection, Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(version(&connection).unwrap() as usize, MIGRATIONS.len());
        }
    }

    #[test]
    fn somebody_else_s_database_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE tickets (id INTEGER)").unwrap();
        assert!(matches!(migrate(&connection, Timestamp::UNIX_EPOCH), Err(Halt::Foreign)));
    }
}

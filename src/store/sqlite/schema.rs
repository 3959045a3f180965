//! The schema and its versions: each migration is written once and never changed after a release.

use jiff::Timestamp;
use rusqlite::Connection;

use super::settings;

/// The schema has version `n` once the first `n` of these have run.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001.sql")];

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
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// To be called in a transaction that writes, which is the lock against everybody else who migrates.
pub(super) fn migrate(connection: &Connection, now: Timestamp) -> Result<(), Halt> {
    let found = version(connection)?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(Halt::FromTheFuture { found, known });
    }
    if found == known {
        return Ok(());
    }
    for migration in MIGRATIONS.iter().skip(found as usize) {
        connection.execute_batch(migration)?;
    }
    settings::set_schema_version(connection, known, now)?;
    Ok(())
}

/// 0 for a new file.
fn version(connection: &Connection) -> Result<u32, Halt> {
    if connection.table_exists(None, "settings")? {
        return settings::schema_version(connection)?.ok_or(Halt::Foreign);
    }
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 { Ok(0) } else { Err(Halt::Foreign) }
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

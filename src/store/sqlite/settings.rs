//! The one row about the store itself.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::statements::statements;

statements! {
    SCHEMA_VERSION = "SELECT schema_version FROM settings WHERE id = 'store'";
    SET_SCHEMA_VERSION = "INSERT INTO settings (id, schema_version, migrated_at) VALUES ('store', ?1, ?2) \
        ON CONFLICT (id) DO UPDATE SET schema_version = excluded.schema_version, migrated_at = excluded.migrated_at";
    NOTE_PROBE = "UPDATE settings SET probed_at = ?1 WHERE id = 'store' AND importing_since IS NULL";
    IS_IMPORTING = "SELECT importing_since IS NOT NULL FROM settings WHERE id = 'store'";
    SET_IMPORTING = "UPDATE settings SET importing_since = ?1 WHERE id = 'store'";
}

/// `None` for a database that was never migrated.
pub(super) fn schema_version(connection: &Connection) -> rusqlite::Result<Option<u32>> {
    connection.prepare_cached(SCHEMA_VERSION)?.query_row([], |row| row.get(0)).optional()
}

pub(super) fn set_schema_version(
    connection: &Connection,
    version: u32,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let written = params![version, now.as_millisecond()];
    connection.prepare_cached(SET_SCHEMA_VERSION)?.execute(written).map(drop)
}

pub(super) fn is_importing(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare_cached(IS_IMPORTING)?.query_row([], |row| row.get(0))
}

pub(super) fn set_importing(connection: &Connection, since: Option<Timestamp>) -> rusqlite::Result<()> {
    let since = since.map(Timestamp::as_millisecond);
    connection.prepare_cached(SET_IMPORTING)?.execute([since]).map(drop)
}

/// A write like any other: it takes the lock and syncs the disk. It fails while an import is under way.
pub(super) fn note_probe(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    match connection.prepare_cached(NOTE_PROBE)?.execute([now.as_millisecond()])? {
        1 => Ok(()),
        changed => Err(rusqlite::Error::StatementChangedRows(changed)),
    }
}

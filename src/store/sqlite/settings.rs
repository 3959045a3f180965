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
    BEGIN_IMPORT = "UPDATE settings SET importing_since = ?1 WHERE id = 'store'";
    END_IMPORT = "UPDATE settings SET importing_since = NULL WHERE id = 'store' AND importing_since = ?1";
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

pub(super) fn begin_import(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    connection.prepare_cached(BEGIN_IMPORT)?.execute([now.as_millisecond()]).map(drop)
}

/// `false` when the one that is under way, if any, is another's.
pub(super) fn end_import(connection: &Connection, begun: Timestamp) -> rusqlite::Result<bool> {
    Ok(connection.prepare_cached(END_IMPORT)?.execute([begun.as_millisecond()])? == 1)
}

/// A write like any other: it takes the lock and syncs the disk. It fails while an import is under way.
pub(super) fn note_probe(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    match connection.prepare_cached(NOTE_PROBE)?.execute([now.as_millisecond()])? {
        1 => Ok(()),
        changed => Err(rusqlite::Error::StatementChangedRows(changed)),
    }
}

//! How often something was tried: counted in one statement, so that of two callers each counts.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{
    purge::{self, Portion},
    statements::statements,
};
use crate::domain::secret::SecretDigest;

statements! {
    COUNT = "INSERT INTO attempts (id, count, expires_at) VALUES (?1, 1, ?2) ON CONFLICT (id) DO UPDATE SET \
            count = CASE WHEN expires_at > ?3 THEN count + 1 ELSE 1 END, \
            expires_at = CASE WHEN expires_at > ?3 THEN expires_at ELSE excluded.expires_at END \
        RETURNING count";
    PURGE = "DELETE FROM attempts WHERE rowid IN (SELECT rowid FROM attempts WHERE expires_at < ?1 LIMIT ?2)";
}

pub(super) fn count(
    connection: &Connection,
    what: &SecretDigest,
    until: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<u32> {
    let by = params![what.as_bytes(), until.as_millisecond(), now.as_millisecond()];
    connection.prepare_cached(COUNT)?.query_row(by, |row| row.get(0))
}

pub(super) fn purge(connection: &Connection, now: Timestamp) -> rusqlite::Result<Portion> {
    purge::portion(connection, PURGE, now)
}

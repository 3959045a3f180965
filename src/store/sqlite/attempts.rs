//! How often something was tried: counted in one statement, so that of two callers each counts.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    columns::Columns,
    purge::{self, Portion},
    statements::statements,
};
use crate::domain::{
    secret::SecretDigest,
    throttle::{Curve, Try},
};

statements! {
    COUNT = "INSERT INTO attempts (id, count, expires_at) VALUES (?1, 1, ?2) ON CONFLICT (id) DO UPDATE SET \
            count = CASE WHEN expires_at > ?3 THEN count + 1 ELSE 1 END, \
            expires_at = CASE WHEN expires_at > ?3 THEN expires_at ELSE excluded.expires_at END \
        RETURNING count";
    // What it has come to be is computed again wherever it is needed: a statement sees only what was there before it.
    TRY = "INSERT INTO attempts (id, count, expires_at) VALUES (?1, 1, ?2 + ?3) ON CONFLICT (id) DO UPDATE SET \
            count = CASE WHEN expires_at > ?2 THEN count + 1 ELSE 1 END, \
            expires_at = ?2 + ?3, \
            blocked_until = CASE \
                WHEN expires_at <= ?2 OR count + 1 < ?4 THEN NULL \
                WHEN count + 1 >= ?5 THEN ?2 + ?3 \
                ELSE ?2 + MIN(?7, ?6 << MIN(count + 1 - ?4, ?8)) END \
        WHERE blocked_until IS NULL OR blocked_until <= ?2 OR expires_at <= ?2 \
        RETURNING count";
    UNTIL = "SELECT blocked_until FROM attempts WHERE id = ?1";
    FORGET = "DELETE FROM attempts WHERE id = ?1";
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

pub(super) fn try_once(
    connection: &Connection,
    what: &SecretDigest,
    curve: &Curve,
    now: Timestamp,
) -> rusqlite::Result<Try> {
    let by = params![
        what.as_bytes(),
        now.as_millisecond(),
        millis(curve.memory),
        curve.from,
        curve.last,
        millis(curve.first),
        millis(curve.longest),
        Curve::DOUBLINGS,
    ];
    if connection.prepare_cached(TRY)?.query_row(by, |_| Ok(())).optional()?.is_some() {
        return Ok(Try::May);
    }
    connection
        .prepare_cached(UNTIL)?
        .query_row([what.as_bytes()], |row| Ok(Try::Wait { until: Columns::of(row).time()? }))
}

pub(super) fn forget(connection: &Connection, what: &[SecretDigest]) -> rusqlite::Result<()> {
    for what in what {
        connection.prepare_cached(FORGET)?.execute([what.as_bytes()])?;
    }
    Ok(())
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn purge(connection: &Connection, now: Timestamp) -> rusqlite::Result<Portion> {
    purge::portion(connection, PURGE, now)
}

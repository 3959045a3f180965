//! Records that can be used once: taking one out is a single statement, so two callers cannot both get it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    columns::{Columns, unwritable},
    purge::{self, Portion},
    rows::{self, one_time_columns},
    statements::statements,
};
use crate::domain::{
    one_time::{OneTime, Purpose},
    secret::SecretDigest,
};

statements! {
    ADD = concat!("INSERT INTO one_time (", one_time_columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    CONSUME = concat!(
        "DELETE FROM one_time WHERE digest = ?1 AND purpose = ?2 AND expires_at > ?3 RETURNING ",
        one_time_columns!()
    );
    PURGE = "DELETE FROM one_time WHERE rowid IN (SELECT rowid FROM one_time WHERE expires_at < ?1 LIMIT ?2)";
}

pub(super) fn add(connection: &Connection, record: &OneTime) -> rusqlite::Result<()> {
    let facts = serde_json::to_string(&record.facts).map_err(unwritable)?;
    connection.prepare_cached(ADD)?.execute(params![
        record.digest.as_bytes(),
        record.purpose.as_str(),
        facts,
        record.attempts_left,
        record.created_at.as_millisecond(),
        record.expires_at.as_millisecond(),
    ])?;
    Ok(())
}

pub(super) fn consume(
    connection: &Connection,
    secret: &SecretDigest,
    purpose: Purpose,
    now: Timestamp,
) -> rusqlite::Result<Option<OneTime>> {
    let mut statement = connection.prepare_cached(CONSUME)?;
    let by = params![secret.as_bytes(), purpose.as_str(), now.as_millisecond()];
    statement.query_row(by, |row| rows::one_time(&mut Columns::of(row))).optional()
}

pub(super) fn purge(connection: &Connection, now: Timestamp) -> rusqlite::Result<Portion> {
    purge::portion(connection, PURGE, now)
}

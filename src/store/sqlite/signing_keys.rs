//! The keys that sign access tokens: their numbers are unique, so of two replicas that add the next one only one does.

use rusqlite::{Connection, params};

use super::{
    columns::{Columns, number},
    rows,
    statements::statements,
};
use crate::domain::{id::KeyId, signing_key::SigningKey};

statements! {
    BY_NUMBER = "SELECT id, number, public, private, created_at, not_before FROM signing_keys WHERE number > 0 ORDER BY number";
    ADD = "INSERT INTO signing_keys (id, number, public, private, created_at, not_before) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    REMOVE = "DELETE FROM signing_keys WHERE id = ?1";
}

pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<SigningKey>> {
    let mut statement = connection.prepare_cached(BY_NUMBER)?;
    statement.query_map([], |row| rows::signing_key(&mut Columns::of(row)))?.collect()
}

pub(super) fn add(connection: &Connection, key: &SigningKey) -> rusqlite::Result<()> {
    let written = params![
        key.id.as_uuid().into_bytes(),
        number(key.number)?,
        key.public,
        key.private.as_bytes(),
        key.created_at.as_millisecond(),
        key.not_before.as_millisecond(),
    ];
    connection.prepare_cached(ADD)?.execute(written).map(drop)
}

pub(super) fn remove(connection: &Connection, id: KeyId) -> rusqlite::Result<()> {
    connection.prepare_cached(REMOVE)?.execute([id.as_uuid().as_bytes()]).map(drop)
}

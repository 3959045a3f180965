//! Security events: added, read, and never changed.

use rusqlite::{Connection, params};

use super::{columns::Columns, rows, statements::statements};
use crate::domain::{event::Event, id::UserId};

statements! {
    OF_USER = "SELECT id, kind, user_id, session_id, ip, at FROM events WHERE user_id = ?1 ORDER BY at DESC LIMIT ?2";
    FORGET_WHERE_FROM = "UPDATE events SET ip = NULL, session_id = NULL WHERE user_id = ?1";
    ADD = "INSERT INTO events (id, kind, user_id, session_id, ip, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
}

pub(super) fn of_user(connection: &Connection, user: UserId, most: u32) -> rusqlite::Result<Vec<Event>> {
    let mut statement = connection.prepare_cached(OF_USER)?;
    let by = params![user.as_uuid().into_bytes(), most];
    statement.query_map(by, |row| rows::event(&mut Columns::of(row)))?.collect()
}

/// Of whoever is erased: what is left tells nothing of a person.
pub(super) fn forget_where_from(connection: &Connection, user: UserId) -> rusqlite::Result<()> {
    connection.prepare_cached(FORGET_WHERE_FROM)?.execute([user.as_uuid().into_bytes()]).map(drop)
}

pub(super) fn add(connection: &Connection, event: &Event) -> rusqlite::Result<()> {
    let written = params![
        event.id.as_uuid().into_bytes(),
        event.kind.as_str(),
        event.user_id.as_uuid().into_bytes(),
        event.session_id.map(|session| session.as_uuid().into_bytes()),
        event.ip.map(|ip| ip.to_string()),
        event.at.as_millisecond(),
    ];
    connection.prepare_cached(ADD)?.execute(written).map(drop)
}

//! Security events: added, given their place in the chain, and read.

use std::ops::Range;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, named_params, params};

use super::{
    columns::{Columns, number},
    purge::{self, Portion},
    rows::{self, event_columns},
    statements::statements,
};
use crate::domain::{
    device::Device,
    event::{Detail, Event, EventFilter, EventKind, Head, Link, Reason, RequestName},
    id::{EventId, UserId},
    secret::SecretDigest,
};

statements! {
    OF_ALL = concat!(
        "SELECT ", event_columns!(), " FROM events WHERE id >= ?1 AND id < ?2 AND (expires_at IS NULL OR expires_at > ?3) \
         ORDER BY id DESC LIMIT ?4"
    );
    OF_KIND = concat!(
        "SELECT ", event_columns!(), " FROM events WHERE kind = ?5 AND id >= ?1 AND id < ?2 AND (expires_at IS NULL OR expires_at > ?3) \
         ORDER BY id DESC LIMIT ?4"
    );
    OF_USER = concat!(
        "SELECT ", event_columns!(), " FROM events WHERE user_id = ?5 AND id >= ?1 AND id < ?2 AND (expires_at IS NULL OR expires_at > ?3) \
         AND (?6 IS NULL OR kind = ?6) ORDER BY id DESC LIMIT ?4"
    );
    SEALED = concat!(
        "SELECT ", event_columns!(), " FROM events WHERE position >= ?1 AND position < ?2 AND expires_at > ?3 \
         ORDER BY position LIMIT ?4"
    );
    SEALED_OF_USER = concat!(
        "SELECT ", event_columns!(), " FROM events WHERE user_id = ?5 AND position >= ?1 AND position < ?2 AND expires_at > ?3 \
         ORDER BY position LIMIT ?4"
    );
    UNSEALED = concat!("SELECT ", event_columns!(), " FROM events WHERE position IS NULL AND id > ?1 ORDER BY id LIMIT ?2");
    HEAD = "SELECT position, digest, expires_at FROM events WHERE position > 0 ORDER BY position DESC LIMIT 1";
    IS_UNSEALED = "SELECT 1 FROM events WHERE id = ?1 AND position IS NULL";
    IS_THERE = "SELECT 1 FROM events WHERE position = ?1";
    // What was written before there were seals gets its commitment with its place.
    SEAL = "UPDATE events SET position = :position, previous = :previous, previous_expires_at = :previous_expires_at, \
            expires_at = :expires_at, digest = :digest, stamp = NULL, salt = CASE WHEN commitment IS NULL THEN :salt ELSE salt END, \
            commitment = coalesce(commitment, :commitment) WHERE id = :id";
    FORGET_PARTICULARS = "UPDATE events SET ip = NULL, user_agent = NULL, session_id = NULL, subject = NULL, salt = NULL \
        WHERE user_id = ?1 AND (salt IS NOT NULL OR commitment IS NULL) AND NOT EXISTS (SELECT 1 FROM users WHERE id = ?1)";
    ADD = "INSERT INTO events (id, kind, reason, detail, actor, user_id, request, trace, salt, session_id, subject, \
            user_agent, ip, commitment, at, stamp, position, previous, previous_expires_at, expires_at, digest) \
        VALUES (:id, :kind, :reason, :detail, :actor, :user_id, :request, :trace, :salt, :session_id, :subject, \
            :user_agent, :ip, :commitment, :at, :stamp, :position, :previous, :previous_expires_at, :expires_at, :digest)";
    PURGE = "DELETE FROM events WHERE rowid IN (SELECT rowid FROM events WHERE expires_at <= ?1 LIMIT ?2)";
}

pub(super) fn page(
    connection: &Connection,
    wanted: EventFilter,
    ids: &Range<EventId>,
    most: u32,
    now: Timestamp,
) -> rusqlite::Result<Vec<Event>> {
    let (from, before) = (ids.start.as_uuid().into_bytes(), ids.end.as_uuid().into_bytes());
    let (now, kind) = (now.as_millisecond(), wanted.kind.as_ref().map(EventKind::as_str));
    match (wanted.user, kind) {
        (Some(user), kind) => {
            let user = user.as_uuid().into_bytes();
            all(connection, OF_USER, params![from, before, now, most, user, kind])
        }
        (None, Some(kind)) => all(connection, OF_KIND, params![from, before, now, most, kind]),
        (None, None) => all(connection, OF_ALL, params![from, before, now, most]),
    }
}

pub(super) fn sealed(
    connection: &Connection,
    of: Option<UserId>,
    positions: &Range<u64>,
    most: u32,
    now: Timestamp,
) -> rusqlite::Result<Vec<Event>> {
    let (from, before) = (number(positions.start)?, i64::try_from(positions.end).unwrap_or(i64::MAX));
    let now = now.as_millisecond();
    match of {
        Some(user) => {
            let user = user.as_uuid().into_bytes();
            all(connection, SEALED_OF_USER, params![from, before, now, most, user])
        }
        None => all(connection, SEALED, params![from, before, now, most]),
    }
}

pub(super) fn unsealed(connection: &Connection, after: EventId, most: u32) -> rusqlite::Result<Vec<Event>> {
    all(connection, UNSEALED, params![after.as_uuid().into_bytes(), most])
}

fn all(connection: &Connection, statement: &str, by: impl Params) -> rusqlite::Result<Vec<Event>> {
    let mut statement = connection.prepare_cached(statement)?;
    statement.query_map(by, |row| rows::event(&mut Columns::of(row)))?.collect()
}

pub(super) fn head(connection: &Connection) -> rusqlite::Result<Option<Head>> {
    let mut statement = connection.prepare_cached(HEAD)?;
    statement.query_row([], |row| rows::head(&mut Columns::of(row))).optional()
}

/// `false`, with nothing sealed, where somebody was quicker.
pub(super) fn seal(connection: &Connection, sealed: &[Event]) -> rusqlite::Result<bool> {
    for event in sealed {
        let is_taken = match event.position() {
            Some(position) => connection.prepare_cached(IS_THERE)?.exists([number(position)?])?,
            None => true,
        };
        if is_taken || !connection.prepare_cached(IS_UNSEALED)?.exists([event.id.as_uuid().into_bytes()])? {
            return Ok(false);
        }
    }
    for event in sealed {
        seal_one(connection, event)?;
    }
    Ok(true)
}

fn seal_one(connection: &Connection, event: &Event) -> rusqlite::Result<()> {
    let Some(link) = event.link else { return Ok(()) };
    let written = named_params! {
        ":id": event.id.as_uuid().into_bytes(),
        ":position": number(link.position)?,
        ":previous": link.previous.as_bytes(),
        ":previous_expires_at": link.previous_expires_at.as_millisecond(),
        ":expires_at": link.expires_at.as_millisecond(),
        ":digest": link.digest.as_bytes(),
        ":commitment": event.commitment,
        ":salt": event.particulars.as_ref().map(|known| known.salt),
    };
    connection.prepare_cached(SEAL)?.execute(written).map(drop)
}

/// Of whoever is gone: what is left tells nothing of a person.
pub(super) fn forget_particulars(connection: &Connection, user: UserId) -> rusqlite::Result<()> {
    connection.prepare_cached(FORGET_PARTICULARS)?.execute([user.as_uuid().into_bytes()]).map(drop)
}

/// As it is, sealed or not: an import brings both.
pub(super) fn add(connection: &Connection, event: &Event) -> rusqlite::Result<()> {
    let (known, link) = (event.particulars.as_ref(), event.link.as_ref());
    let device = event.device();
    let written = named_params! {
        ":id": event.id.as_uuid().into_bytes(),
        ":kind": event.kind.as_str(),
        ":reason": event.reason.as_ref().map(Reason::as_str),
        ":detail": event.detail.as_ref().map(Detail::as_str),
        ":actor": event.actor.as_str(),
        ":user_id": event.user_id.map(|user| user.as_uuid().into_bytes()),
        ":request": event.request.as_ref().map(RequestName::as_str),
        ":trace": event.trace.map(|trace| *trace.as_bytes()),
        ":salt": known.map(|known| known.salt),
        ":session_id": event.session_id().map(|session| session.as_uuid().into_bytes()),
        ":subject": known.and_then(|known| known.subject.as_ref()).map(SecretDigest::as_bytes),
        ":user_agent": device.and_then(|device| device.user_agent()),
        ":ip": device.and_then(Device::ip).map(|ip| ip.to_string()),
        ":commitment": event.commitment,
        ":at": event.at.as_millisecond(),
        ":stamp": event.stamp,
        ":position": link.map(|link| number(link.position)).transpose()?,
        ":previous": link.map(|link| link.previous.as_bytes()),
        ":previous_expires_at": link.map(|link| link.previous_expires_at.as_millisecond()),
        ":expires_at": link.map(|link: &Link| link.expires_at.as_millisecond()),
        ":digest": link.map(|link| link.digest.as_bytes()),
    };
    connection.prepare_cached(ADD)?.execute(written).map(drop)
}

pub(super) fn purge(connection: &Connection, now: Timestamp) -> rusqlite::Result<Portion> {
    purge::portion(connection, PURGE, now)
}

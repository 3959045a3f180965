//! Sessions: found by the digest of their secret, together with their user.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::{
    columns::{Columns, number, unwritable},
    purge::{self, Portion},
    rows::{self, session_columns, user_columns},
    statements::statements,
};
use crate::{
    domain::{
        id::{SessionId, UserId},
        secret::SecretDigest,
        session::{Ended, Method, Rotation, Seen, Session},
        user::User,
    },
    store::MOST_SESSIONS,
};

/// How long a session can still be shown to its user after it expired.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

statements! {
    BY_SECRET = concat!(
        "SELECT ", session_columns!(), ", ", user_columns!(),
        " FROM sessions AS s JOIN users AS u ON u.id = s.user_id \
         WHERE s.secret_digest = ?1 OR s.previous_digest = ?1"
    );
    BY_ID = concat!(
        "SELECT ", session_columns!(), ", ", user_columns!(),
        " FROM sessions AS s JOIN users AS u ON u.id = s.user_id WHERE s.id = ?1"
    );
    OF_USER = concat!(
        "SELECT ", session_columns!(), " FROM sessions AS s \
         WHERE s.user_id = ?1 AND s.ended_at IS NULL AND s.idle_expires_at > ?2 AND s.expires_at > ?2 \
         ORDER BY s.created_at DESC LIMIT ?3"
    );
    EVER_OF_USER = concat!(
        "SELECT ", session_columns!(), " FROM sessions AS s WHERE s.user_id = ?1 ORDER BY s.created_at DESC LIMIT ?2"
    );
    REMOVE_ALL_OF = "DELETE FROM sessions WHERE user_id = ?1";
    ADD = "INSERT INTO sessions (id, user_id, epoch, mode, seed, generation, secret_digest, previous_digest, rotated_at, \
            amr, auth_time, user_agent, ip, created_at, last_seen_at, idle_expires_at, expires_at, ended_at, end_reason) \
        VALUES (:id, :user_id, :epoch, :mode, :seed, :generation, :secret_digest, :previous_digest, :rotated_at, \
            :amr, :auth_time, :user_agent, :ip, :created_at, :last_seen_at, :idle_expires_at, :expires_at, :ended_at, \
            :end_reason)";
    SEE = "UPDATE sessions SET last_seen_at = ?2, idle_expires_at = max(idle_expires_at, ?3) \
        WHERE id = ?1 AND ended_at IS NULL AND last_seen_at <= ?2";
    ROTATE = "UPDATE sessions SET secret_digest = :to, previous_digest = :from, rotated_at = :at, \
            generation = generation + 1, last_seen_at = max(last_seen_at, :at), \
            idle_expires_at = max(idle_expires_at, :idle_expires_at) \
        WHERE id = :id AND secret_digest = :from AND generation = :generation AND ended_at IS NULL";
    END = "UPDATE sessions SET ended_at = ?2, end_reason = ?3 WHERE id = ?1 AND ended_at IS NULL";
    PURGE = "DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE expires_at < ?1 LIMIT ?2)";
}

pub(super) fn ever_of_user(connection: &Connection, user: UserId) -> rusqlite::Result<Vec<Session>> {
    let mut statement = connection.prepare_cached(EVER_OF_USER)?;
    let by = params![user.as_uuid().into_bytes(), MOST_SESSIONS];
    statement.query_map(by, |row| rows::session(&mut Columns::of(row)))?.collect()
}

pub(super) fn remove_all_of(connection: &Connection, user: UserId) -> rusqlite::Result<()> {
    connection.prepare_cached(REMOVE_ALL_OF)?.execute([user.as_uuid().into_bytes()]).map(drop)
}

pub(super) fn add(connection: &Connection, session: &Session) -> rusqlite::Result<()> {
    let amr: Vec<&str> = session.amr.iter().copied().map(Method::as_str).collect();
    connection.prepare_cached(ADD)?.execute(named_params! {
        ":id": session.id.as_uuid().as_bytes(),
        ":user_id": session.user_id.as_uuid().as_bytes(),
        ":epoch": number(session.epoch)?,
        ":mode": session.mode.as_str(),
        ":seed": session.seed.as_bytes(),
        ":generation": number(session.generation)?,
        ":secret_digest": session.secret_digest.as_bytes(),
        ":previous_digest": session.previous.map(|previous| *previous.digest.as_bytes()),
        ":rotated_at": session.previous.map(|previous| previous.rotated_at.as_millisecond()),
        ":amr": serde_json::to_string(&amr).map_err(unwritable)?,
        ":auth_time": session.auth_time.as_millisecond(),
        ":user_agent": session.device.user_agent(),
        ":ip": session.device.ip().map(|ip| ip.to_string()),
        ":created_at": session.created_at.as_millisecond(),
        ":last_seen_at": session.last_seen_at.as_millisecond(),
        ":idle_expires_at": session.idle_expires_at.as_millisecond(),
        ":expires_at": session.expires_at.as_millisecond(),
        ":ended_at": session.ended.map(|ended| ended.at.as_millisecond()),
        ":end_reason": session.ended.map(|ended| ended.reason.as_str()),
    })?;
    Ok(())
}

pub(super) fn by_secret(
    connection: &Connection,
    secret: &SecretDigest,
) -> rusqlite::Result<Option<(Session, User)>> {
    find(connection, BY_SECRET, secret.as_bytes())
}

pub(super) fn by_id(connection: &Connection, id: SessionId) -> rusqlite::Result<Option<(Session, User)>> {
    find(connection, BY_ID, id.as_uuid().as_bytes())
}

fn find(connection: &Connection, statement: &str, by: &[u8]) -> rusqlite::Result<Option<(Session, User)>> {
    let mut statement = connection.prepare_cached(statement)?;
    let found = statement.query_row([by], |row| {
        let mut columns = Columns::of(row);
        Ok((rows::session(&mut columns)?, rows::user(&mut columns)?))
    });
    found.optional()
}

pub(super) fn of_user(
    connection: &Connection,
    user: UserId,
    now: Timestamp,
) -> rusqlite::Result<Vec<Session>> {
    let mut statement = connection.prepare_cached(OF_USER)?;
    let by = params![user.as_uuid().into_bytes(), now.as_millisecond(), MOST_SESSIONS];
    statement.query_map(by, |row| rows::session(&mut Columns::of(row)))?.collect()
}

pub(super) fn see(connection: &Connection, id: SessionId, seen: Seen) -> rusqlite::Result<()> {
    let (at, idle_expires_at) = (seen.at.as_millisecond(), seen.idle_expires_at.as_millisecond());
    connection.prepare_cached(SEE)?.execute(params![id.as_uuid().into_bytes(), at, idle_expires_at]).map(drop)
}

/// `false` when it has ended or is of another generation.
pub(super) fn rotate(connection: &Connection, rotation: &Rotation) -> rusqlite::Result<bool> {
    let changed = connection.prepare_cached(ROTATE)?.execute(named_params! {
        ":id": rotation.session.as_uuid().as_bytes(),
        ":from": rotation.from.as_bytes(),
        ":generation": number(rotation.generation)?,
        ":to": rotation.to.as_bytes(),
        ":at": rotation.at.as_millisecond(),
        ":idle_expires_at": rotation.idle_expires_at.as_millisecond(),
    })?;
    Ok(changed == 1)
}

/// `false` when there is none that has not ended already.
pub(super) fn end(connection: &Connection, id: SessionId, ended: Ended) -> rusqlite::Result<bool> {
    let (at, reason) = (ended.at.as_millisecond(), ended.reason.as_str());
    let changed = connection.prepare_cached(END)?.execute(params![id.as_uuid().into_bytes(), at, reason])?;
    Ok(changed == 1)
}

pub(super) fn purge(connection: &Connection, now: Timestamp) -> rusqlite::Result<Portion> {
    purge::portion(connection, PURGE, now.checked_sub(KEPT).unwrap_or(Timestamp::MIN))
}

//! What a row means: from columns to a user, a session, a record. The order is that of the statements' column lists.

use super::columns::{Columns, Not};
use crate::domain::{
    device::Device,
    email::Email,
    id::{SessionId, UserId},
    one_time::{OneTime, Purpose},
    session::{EndReason, Ended, Method, Session},
    stored_hash::StoredHash,
    user::{Password, Role, Status, User, UserAttrs},
};

macro_rules! user_columns {
    () => {
        "u.id, u.email_original, u.email_canonical, u.email_verified_at, u.password_hash, u.password_changed_at, \
         u.roles, u.status, u.disabled_since, u.epoch, u.revision, u.created_at, u.updated_at"
    };
}
pub(super) use user_columns;

macro_rules! session_columns {
    () => {
        "s.id, s.user_id, s.epoch, s.secret_digest, s.amr, s.auth_time, s.user_agent, s.ip, s.created_at, \
         s.last_seen_at, s.idle_expires_at, s.expires_at, s.ended_at, s.end_reason"
    };
}
pub(super) use session_columns;

macro_rules! one_time_columns {
    () => {
        "digest, purpose, facts, attempts_left, created_at, expires_at"
    };
}
pub(super) use one_time_columns;

pub(super) fn user(columns: &mut Columns<'_>) -> rusqlite::Result<User> {
    Ok(User::build(UserAttrs {
        id: UserId::from_uuid(columns.id()?),
        email: email(columns)?,
        email_verified_at: columns.time_if_any()?,
        password: Password {
            hash: columns.parsed(|text: String| StoredHash::parse(&text))?,
            changed_at: columns.time()?,
        },
        roles: roles(columns)?,
        status: status(columns)?,
        epoch: columns.number()?,
        revision: columns.number()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
    }))
}

pub(super) fn session(columns: &mut Columns<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: SessionId::from_uuid(columns.id()?),
        user_id: UserId::from_uuid(columns.id()?),
        epoch: columns.number()?,
        secret_digest: columns.digest()?,
        amr: Method::read_all(&columns.json::<Vec<String>>()?),
        auth_time: columns.time()?,
        device: device(columns)?,
        created_at: columns.time()?,
        last_seen_at: columns.time()?,
        idle_expires_at: columns.time()?,
        expires_at: columns.time()?,
        ended: ended(columns)?,
    })
}

pub(super) fn one_time(columns: &mut Columns<'_>) -> rusqlite::Result<OneTime> {
    Ok(OneTime {
        digest: columns.digest()?,
        purpose: columns.parsed(|text: String| Purpose::parse(&text).ok_or(Not("a purpose")))?,
        facts: columns.json()?,
        attempts_left: columns.number()?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
    })
}

/// The index is over the canonical form, so a row whose two forms disagree would be found under the wrong name.
fn email(columns: &mut Columns<'_>) -> rusqlite::Result<Email> {
    let email = columns.parsed(|original: String| Email::try_from(original.as_str()))?;
    let canonical: String = columns.value()?;
    if email.canonical() == canonical { Ok(email) } else { columns.wrong("the address's canonical form") }
}

fn roles(columns: &mut Columns<'_>) -> rusqlite::Result<Vec<Role>> {
    let names: Vec<String> = columns.json()?;
    let roles = names.iter().map(|name| Role::try_from(name.as_str())).collect::<Result<_, _>>();
    roles.or_else(|_| columns.wrong("a list of roles"))
}

fn status(columns: &mut Columns<'_>) -> rusqlite::Result<Status> {
    let (name, since): (String, _) = (columns.value()?, columns.time_if_any()?);
    match (name.as_str(), since) {
        ("active", None) => Ok(Status::Active),
        ("disabled", Some(since)) => Ok(Status::Disabled { since }),
        _ => columns.wrong("a status"),
    }
}

fn device(columns: &mut Columns<'_>) -> rusqlite::Result<Device> {
    let user_agent: Option<String> = columns.value()?;
    let ip = columns.parsed(|text: Option<String>| text.map(|text| text.parse()).transpose())?;
    Ok(Device::new(user_agent.as_deref(), ip))
}

fn ended(columns: &mut Columns<'_>) -> rusqlite::Result<Option<Ended>> {
    let (at, reason): (_, Option<String>) = (columns.time_if_any()?, columns.value()?);
    match (at, reason.as_deref().map(EndReason::read)) {
        (None, None) => Ok(None),
        (Some(at), Some(reason)) => Ok(Some(Ended { at, reason })),
        _ => columns.wrong("an end"),
    }
}

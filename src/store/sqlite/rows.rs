//! What a row means: from columns to a user, a session, a record. The order is that of the statements' column lists.

use super::{
    columns::{Columns, Not},
    mailbox,
};
use crate::domain::{
    challenge::Challenges,
    device::Device,
    email::Email,
    event::{
        Actor, ChainDigest, Detail, Event, EventKind, Head, Link, Particulars, Reason, RequestName, TraceId,
    },
    id::{EventId, KeyId, SessionId, UserId},
    letter::Outbox,
    one_time::{OneTime, Purpose},
    sealed::Sealed,
    secret::SecretDigest,
    session::{EndReason, Ended, Method, Mode, Previous, Session},
    signing_key::SigningKey,
    stored_hash::StoredHash,
    user::{Password, Role, Status, User, UserAttrs},
};

macro_rules! user_columns {
    () => {
        "u.id, u.email_original, u.email_canonical, u.email_verified_at, u.password_hash, u.password_changed_at, \
         u.password_history, u.roles, u.status, u.disabled_since, u.erase_at, \
         u.challenges, u.outbox, u.epoch, u.kept, u.revision, u.created_at, u.updated_at"
    };
}
pub(super) use user_columns;

macro_rules! session_columns {
    () => {
        "s.id, s.user_id, s.epoch, s.mode, s.seed, s.generation, s.secret_digest, s.previous_digest, s.rotated_at, \
         s.amr, s.auth_time, s.user_agent, s.ip, s.created_at, s.last_seen_at, s.idle_expires_at, s.expires_at, s.ended_at, s.end_reason"
    };
}
pub(super) use session_columns;

macro_rules! one_time_columns {
    () => {
        "digest, purpose, facts, attempts_left, created_at, expires_at"
    };
}
pub(super) use one_time_columns;

macro_rules! event_columns {
    () => {
        "id, kind, reason, detail, actor, user_id, request, trace, salt, session_id, subject, user_agent, ip, commitment, at, stamp, \
         position, previous, previous_expires_at, expires_at, digest"
    };
}
pub(super) use event_columns;

pub(super) fn user(columns: &mut Columns<'_>) -> rusqlite::Result<User> {
    Ok(User::build(UserAttrs {
        id: UserId::from_uuid(columns.id()?),
        email: email(columns)?,
        email_verified_at: columns.time_if_any()?,
        password: Password {
            hash: columns.parsed(|text: String| StoredHash::parse(&text))?,
            changed_at: columns.time()?,
            history: history(columns)?,
        },
        roles: roles(columns)?,
        status: status(columns)?,
        erase_at: columns.time_if_any()?,
        challenges: challenges(columns)?,
        outbox: outbox(columns)?,
        epoch: columns.number()?,
        kept: columns.id_if_any()?.map(SessionId::from_uuid),
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
        mode: columns.parsed(|text: String| Mode::parse(&text).ok_or(Not("a mode")))?,
        seed: Sealed::from_bytes(columns.value()?),
        generation: columns.number()?,
        secret_digest: columns.digest()?,
        previous: previous(columns)?,
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

pub(super) fn signing_key(columns: &mut Columns<'_>) -> rusqlite::Result<SigningKey> {
    Ok(SigningKey {
        id: KeyId::from_uuid(columns.id()?),
        number: columns.number()?,
        public: columns.value()?,
        private: Sealed::from_bytes(columns.value()?),
        created_at: columns.time()?,
        not_before: columns.time()?,
    })
}

pub(super) fn event(columns: &mut Columns<'_>) -> rusqlite::Result<Event> {
    let id = EventId::from_uuid(columns.id()?);
    let kind = columns.parsed(|text: String| EventKind::read(&text).ok_or(Not("a kind of event")))?;
    let reason = columns.parsed(|text: Option<String>| read_if_any(text, Reason::read, "a reason"))?;
    let detail = columns.text_if_any()?.as_deref().map(Detail::read);
    let actor = columns.parsed(|text: String| Actor::read(&text).ok_or(Not("an actor")))?;
    let user_id = columns.id_if_any()?.map(UserId::from_uuid);
    let request =
        columns.parsed(|text: Option<String>| read_if_any(text, RequestName::parse, "a request's name"))?;
    let trace = columns.value::<Option<[u8; 16]>>()?.and_then(TraceId::from_bytes);
    let (particulars, commitment) = particulars(columns)?;
    let (at, stamp, link) = (columns.time()?, columns.value()?, link(columns)?);
    Ok(Event {
        id,
        kind,
        reason,
        detail,
        actor,
        user_id,
        request,
        trace,
        particulars,
        commitment,
        at,
        stamp,
        link,
    })
}

fn particulars(columns: &mut Columns<'_>) -> rusqlite::Result<(Option<Particulars>, [u8; 32])> {
    let salt: Option<[u8; 16]> = columns.value()?;
    let known = Particulars {
        salt: salt.unwrap_or_default(),
        session_id: columns.id_if_any()?.map(SessionId::from_uuid),
        subject: columns.value::<Option<[u8; 32]>>()?.map(SecretDigest::from_bytes),
        device: device(columns)?,
    };
    Ok(Particulars::read(known, salt.is_some(), columns.value()?))
}

fn link(columns: &mut Columns<'_>) -> rusqlite::Result<Option<Link>> {
    let Some(position) = columns.value::<Option<i64>>()? else { return Ok(None) };
    Ok(Some(Link {
        position: position.try_into().or_else(|_| columns.wrong("a position"))?,
        previous: columns.value().map(ChainDigest::from_bytes)?,
        previous_expires_at: columns.time()?,
        expires_at: columns.time()?,
        digest: columns.value().map(ChainDigest::from_bytes)?,
    }))
}

pub(super) fn head(columns: &mut Columns<'_>) -> rusqlite::Result<Head> {
    Ok(Head {
        position: columns.number()?,
        digest: columns.value().map(ChainDigest::from_bytes)?,
        expires_at: columns.time()?,
    })
}

fn read_if_any<T>(
    text: Option<String>,
    read: impl FnOnce(&str) -> Option<T>,
    what: &'static str,
) -> Result<Option<T>, Not> {
    text.map(|text| read(&text).ok_or(Not(what))).transpose()
}

/// The index is over the canonical form, so a row whose two forms disagree would be found under the wrong name.
fn email(columns: &mut Columns<'_>) -> rusqlite::Result<Email> {
    let email = columns.parsed(|original: String| Email::try_from(original.as_str()))?;
    let canonical: String = columns.value()?;
    if email.canonical() == canonical { Ok(email) } else { columns.wrong("the address's canonical form") }
}

fn history(columns: &mut Columns<'_>) -> rusqlite::Result<Vec<StoredHash>> {
    let hashes: Vec<String> = columns.json()?;
    let hashes = hashes.iter().map(|hash| StoredHash::parse(hash)).collect::<Result<_, _>>();
    hashes.or_else(|_| columns.wrong("a list of hashes"))
}

fn challenges(columns: &mut Columns<'_>) -> rusqlite::Result<Challenges> {
    let stored = columns.json()?;
    mailbox::read_challenges(stored).map_or_else(|| columns.wrong("a list of challenges"), Ok)
}

fn outbox(columns: &mut Columns<'_>) -> rusqlite::Result<Outbox> {
    let stored = columns.json()?;
    mailbox::read_outbox(stored).map_or_else(|| columns.wrong("a list of letters"), Ok)
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

fn previous(columns: &mut Columns<'_>) -> rusqlite::Result<Option<Previous>> {
    let (digest, rotated_at) = (columns.value::<Option<[u8; 32]>>()?, columns.time_if_any()?);
    match (digest.map(SecretDigest::from_bytes), rotated_at) {
        (None, None) => Ok(None),
        (Some(digest), Some(rotated_at)) => Ok(Some(Previous { digest, rotated_at })),
        _ => columns.wrong("a previous secret"),
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

//! Users: the unique index says whose an address is, the revision whose change counts.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, named_params, params};

use super::{
    columns::{Columns, number, unwritable},
    events,
    mailbox::{write_challenges, write_outbox},
    rows::{self, user_columns},
    sessions,
    statements::statements,
};
use crate::{
    domain::{
        email::Email,
        id::UserId,
        user::{Role, Status, User},
    },
    store::Added,
};

macro_rules! insert {
    () => {
        "INSERT INTO users (id, email_original, email_canonical, email_verified_at, password_hash, \
            password_changed_at, password_history, roles, status, disabled_since, erase_at, challenges, outbox, \
            write_at, epoch, kept, revision, created_at, updated_at) \
        VALUES (:id, :email_original, :email_canonical, :email_verified_at, :password_hash, \
            :password_changed_at, :password_history, :roles, :status, :disabled_since, :erase_at, :challenges, :outbox, \
            :write_at, :epoch, :kept, :revision, :created_at, :updated_at)"
    };
}

statements! {
    BY_ID = concat!("SELECT ", user_columns!(), " FROM users AS u WHERE u.id = ?1");
    BY_EMAIL = concat!("SELECT ", user_columns!(), " FROM users AS u WHERE u.email_canonical = ?1");
    IS_THERE = "SELECT 1 FROM users WHERE id = ?1";
    ADD = insert!();
    ADD_UNLESS_TAKEN = concat!(insert!(), " ON CONFLICT DO NOTHING");
    REPLACE = "UPDATE users SET email_original = :email_original, email_canonical = :email_canonical, \
            email_verified_at = :email_verified_at, password_hash = :password_hash, \
            password_changed_at = :password_changed_at, password_history = :password_history, roles = :roles, status = :status, \
            disabled_since = :disabled_since, erase_at = :erase_at, challenges = :challenges, outbox = :outbox, \
            write_at = :write_at, epoch = :epoch, kept = :kept, revision = :revision + 1, \
            created_at = :created_at, updated_at = :updated_at \
        WHERE id = :id AND revision = :revision";
    TO_WRITE_TO = concat!(
        "SELECT ", user_columns!(), " FROM users AS u WHERE u.write_at <= ?1 ORDER BY u.write_at LIMIT ?2"
    );
    TO_ERASE = "SELECT id FROM users WHERE erase_at <= ?1 LIMIT ?2";
    ERASE = "DELETE FROM users WHERE id = ?1 AND erase_at <= ?2";
}

pub(super) fn by_id(connection: &Connection, id: UserId) -> rusqlite::Result<Option<User>> {
    find(connection, BY_ID, [id.as_uuid().as_bytes()])
}

pub(super) fn by_email(connection: &Connection, email: &Email) -> rusqlite::Result<Option<User>> {
    find(connection, BY_EMAIL, [email.canonical()])
}

pub(super) fn add(connection: &Connection, user: &User) -> rusqlite::Result<()> {
    write(connection, ADD, user).map(drop)
}

/// One after the other, so that of two who want the same the first has it.
pub(super) fn add_new(connection: &Connection, users: &[User]) -> rusqlite::Result<Vec<Added>> {
    let add = |user: &User| {
        if write(connection, ADD_UNLESS_TAKEN, user)? == 1 {
            return Ok(Added::New);
        }
        let is_there = connection.prepare_cached(IS_THERE)?.exists([user.id().as_uuid().as_bytes()])?;
        Ok(if is_there { Added::Before } else { Added::Taken })
    };
    users.iter().map(add).collect()
}

/// `false` when the stored revision is another, or there is no such user.
pub(super) fn replace(connection: &Connection, user: &User) -> rusqlite::Result<bool> {
    write(connection, REPLACE, user).map(|changed| changed == 1)
}

pub(super) fn to_write_to(connection: &Connection, now: Timestamp, most: u32) -> rusqlite::Result<Vec<User>> {
    let mut statement = connection.prepare_cached(TO_WRITE_TO)?;
    let by = params![now.as_millisecond(), most];
    statement.query_map(by, |row| rows::user(&mut Columns::of(row)))?.collect()
}

pub(super) fn to_erase(connection: &Connection, now: Timestamp, most: u32) -> rusqlite::Result<Vec<UserId>> {
    let mut statement = connection.prepare_cached(TO_ERASE)?;
    let by = params![now.as_millisecond(), most];
    statement.query_map(by, |row| Columns::of(row).id().map(UserId::from_uuid))?.collect()
}

/// With all that is theirs, in the transaction that this is called in.
pub(super) fn erase(connection: &Connection, id: UserId, now: Timestamp) -> rusqlite::Result<bool> {
    let by = params![id.as_uuid().into_bytes(), now.as_millisecond()];
    let gone = connection.prepare_cached(ERASE)?.execute(by)? == 1;
    if gone {
        sessions::remove_all_of(connection, id)?;
        events::forget_particulars(connection, id)?;
    }
    Ok(gone)
}

fn find(connection: &Connection, statement: &str, by: impl Params) -> rusqlite::Result<Option<User>> {
    let mut statement = connection.prepare_cached(statement)?;
    statement.query_row(by, |row| rows::user(&mut Columns::of(row))).optional()
}

fn write(connection: &Connection, statement: &str, user: &User) -> rusqlite::Result<usize> {
    let attrs = user.attrs();
    let (status, disabled_since) = match attrs.status {
        Status::Active => ("active", None),
        Status::Disabled { since } => ("disabled", Some(since.as_millisecond())),
    };
    let history = attrs.password.history.iter().map(|hash| hash.reveal().map_err(unwritable));
    let history = history.collect::<rusqlite::Result<Vec<_>>>()?;
    let roles: Vec<String> = attrs.roles.iter().map(Role::to_string).collect();
    connection.prepare_cached(statement)?.execute(named_params! {
        ":id": attrs.id.as_uuid().as_bytes(),
        ":email_original": attrs.email.original(),
        ":email_canonical": attrs.email.canonical(),
        ":email_verified_at": attrs.email_verified_at.map(Timestamp::as_millisecond),
        ":password_hash": attrs.password.hash.reveal().map_err(unwritable)?,
        ":password_changed_at": attrs.password.changed_at.as_millisecond(),
        ":password_history": serde_json::to_string(&history).map_err(unwritable)?,
        ":roles": serde_json::to_string(&roles).map_err(unwritable)?,
        ":status": status,
        ":disabled_since": disabled_since,
        ":erase_at": attrs.erase_at.map(Timestamp::as_millisecond),
        ":challenges": write_challenges(&attrs.challenges).map_err(unwritable)?,
        ":outbox": write_outbox(&attrs.outbox).map_err(unwritable)?,
        ":write_at": attrs.outbox.next_try().map(Timestamp::as_millisecond),
        ":epoch": number(attrs.epoch)?,
        ":kept": attrs.kept.map(|session| session.as_uuid().into_bytes()),
        ":revision": number(attrs.revision)?,
        ":created_at": attrs.created_at.as_millisecond(),
        ":updated_at": attrs.updated_at.as_millisecond(),
    })
}

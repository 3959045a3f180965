//! Somebody as another system describes them, and what may be wrong with that.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::Order;
use crate::{
    domain::{
        email::Email,
        id::UserId,
        stored_hash::{StoredHash, TooCostly, Unusable},
        user::{Role, Status, User, UserAttrs},
    },
    flows::change_user::MOST_ROLES,
};

/// As it stands there, so none of it is checked. The hash is a secret.
pub struct Newcomer {
    pub email: String,
    pub password_hash: String,
    /// Beside a hash of Firebase.
    pub salt: Option<String>,
    pub email_verified: Option<bool>,
    pub roles: Vec<String>,
    /// In the form of RFC 3339.
    pub created_at: Option<String>,
    /// Shut out there, and so here.
    pub disabled: bool,
}

/// Why somebody is not added; nothing that they are is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the line is longer than {} KiB", super::lines::LONGEST >> 10)]
    TooLong,
    #[error("{0}")]
    Malformed(String),
    #[error(
        "an array begins here, and there should be one user a line; `jq -c '.[]'` makes that of an array"
    )]
    Array,
    #[error("there is no password hash, and nobody can sign in without one")]
    NoHash,
    #[error("the password hash is of no known format")]
    UnknownHash,
    #[error("checking the password would take {0}")]
    TooCostly(TooCostly),
    #[error(
        "there is a salt beside the hash, which is Firebase's form: say what project it is of (--firebase-signer-key-file)"
    )]
    Salt,
    #[error("the address is none")]
    Email,
    #[error(
        "a role is 1 to 64 lower-case letters, digits and hyphens, and nobody has more than {MOST_ROLES}"
    )]
    Roles,
    #[error("createdAt is a moment in the past such as 2026-11-21T09:30:00Z")]
    CreatedAt,
    #[error("the address is somebody else's: of another line, or of a user who is here")]
    Duplicate,
}

/// What the ids of those who come from elsewhere are made of begins with it.
const LABEL: &[u8] = b"portcullis: a user from elsewhere";

impl Newcomer {
    /// Of a document that has nothing else.
    pub fn of_document(
        email: Option<String>,
        password: Option<String>,
        created_at: Option<Timestamp>,
    ) -> Result<Self, Fault> {
        Ok(Self {
            email: email.ok_or(Fault::Email)?,
            password_hash: password.filter(|hash| !hash.is_empty()).ok_or(Fault::NoHash)?,
            salt: None,
            email_verified: None,
            roles: Vec::new(),
            created_at: created_at.map(|at| at.to_string()),
            disabled: false,
        })
    }

    /// What neither they nor the order say is as if they had signed up now.
    pub fn into_user(self, order: &Order, now: Timestamp) -> Result<User, Fault> {
        let Self { email, password_hash, salt, email_verified, roles, created_at, disabled } = self;
        let email = Email::try_from(email.as_str()).map_err(|_| Fault::Email)?;
        let email_verified = email_verified.unwrap_or(order.verified);
        let hash = match (salt, &order.project) {
            (None, _) => password_hash,
            (Some(salt), Some(project)) => project.hash(&salt, &password_hash),
            (Some(_), None) => return Err(Fault::Salt),
        };
        let known = StoredHash::parse(&hash)?;
        let roles = checked(&roles)?;
        let created_at = created_at.map(|text| past(&text, now)).transpose()?;
        let said = digest(&email, &hash, (email_verified, disabled), &roles, created_at);
        let id = UserId::imported(created_at, &said);
        let since = created_at.unwrap_or(now);
        let email_verified_at = email_verified.then_some(since);
        let status = if disabled { Status::Disabled { since: now } } else { Status::Active };
        let attrs = UserAttrs::new(id, email, known, since);
        Ok(User::build(UserAttrs { email_verified_at, roles, status, ..attrs }))
    }
}

fn checked(roles: &[String]) -> Result<Vec<Role>, Fault> {
    let roles = roles.iter().map(|role| Role::try_from(role.as_str())).collect::<Result<Vec<_>, _>>();
    let mut roles = roles.map_err(|_| Fault::Roles)?;
    roles.sort();
    roles.dedup();
    if roles.len() > MOST_ROLES { Err(Fault::Roles) } else { Ok(roles) }
}

/// In whole milliseconds, which is what both stores can remember.
fn past(text: &str, now: Timestamp) -> Result<Timestamp, Fault> {
    let at = text.parse::<Timestamp>().ok().filter(|at| *at <= now).ok_or(Fault::CreatedAt)?;
    Timestamp::from_millisecond(at.as_millisecond()).map_err(|_| Fault::CreatedAt)
}

/// Of all that was said of them, so that who differs in anything is somebody else.
fn digest(
    email: &Email,
    hash: &str,
    (verified, disabled): (bool, bool),
    roles: &[Role],
    created_at: Option<Timestamp>,
) -> [u8; 32] {
    let mut digest = Sha256::new_with_prefix(LABEL);
    let roles: Vec<String> = roles.iter().map(Role::to_string).collect();
    let created_at = created_at.map_or_else(String::new, |at| at.to_string());
    let verified = if verified { "verified" } else { "" };
    for part in [email.original(), hash, verified, &roles.join(","), &created_at] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    if disabled {
        digest.update("disabled");
    }
    digest.finalize().into()
}

impl From<Unusable> for Fault {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Unknown => Self::UnknownHash,
            Unusable::TooCostly(bound) => Self::TooCostly(bound),
        }
    }
}

impl Fault {
    /// For programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "line_too_long",
            Self::Malformed(_) | Self::Array => "malformed",
            Self::NoHash => "hash_missing",
            Self::UnknownHash => "hash_unknown",
            Self::TooCostly(_) => "hash_too_costly",
            Self::Salt => "salt_unexpected",
            Self::Email => "email_invalid",
            Self::Roles => "roles_invalid",
            Self::CreatedAt => "created_at_invalid",
            Self::Duplicate => "duplicate",
        }
    }
}

//! A user as a line.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    challenge::Challenges,
    email::Email,
    id::{SessionId, UserId},
    letter::Outbox,
    stored_hash::StoredHash,
    user::{Password, Role, Status, User, UserAttrs},
};

use super::Misfit;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UserLine {
    id: Uuid,
    email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email_verified_at: Option<Timestamp>,
    password: PasswordLine,
    roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabled_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erase_at: Option<Timestamp>,
    epoch: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept: Option<Uuid>,
    revision: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PasswordLine {
    hash: String,
    changed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    history: Vec<String>,
}

impl UserLine {
    /// `None` where the hash cannot be written down.
    pub(super) fn of(user: &User) -> Option<Self> {
        let UserAttrs {
            id,
            email,
            email_verified_at,
            password: Password { hash, changed_at, history },
            roles,
            status,
            erase_at,
            // Holds no more once it is brought back: see `Record::revived`.
            challenges: _,
            outbox: _,
            epoch,
            kept,
            revision,
            created_at,
            updated_at,
        } = user.attrs();
        Some(Self {
            id: id.as_uuid(),
            email: email.original().to_owned(),
            email_verified_at: *email_verified_at,
            password: PasswordLine {
                hash: hash.reveal().ok()?,
                changed_at: *changed_at,
                history: history.iter().map(|hash| hash.reveal().ok()).collect::<Option<_>>()?,
            },
            roles: roles.iter().map(Role::to_string).collect(),
            disabled_since: match status {
                Status::Active => None,
                Status::Disabled { since } => Some(*since),
            },
            erase_at: *erase_at,
            epoch: *epoch,
            kept: kept.map(|session| session.as_uuid()),
            revision: *revision,
            created_at: *created_at,
            updated_at: *updated_at,
        })
    }
}

impl TryFrom<UserLine> for User {
    type Error = Misfit;

    fn try_from(line: UserLine) -> Result<Self, Misfit> {
        let PasswordLine { hash, changed_at, history } = line.password;
        let parse = |hash: &String| {
            StoredHash::parse(hash).map_err(|_| Misfit("a password hash is of no known format"))
        };
        let history = history.iter().map(parse).collect::<Result<_, _>>()?;
        let hash = parse(&hash)?;
        let roles = line.roles.iter().map(|role| Role::try_from(role.as_str())).collect::<Result<_, _>>();
        Ok(Self::build(UserAttrs {
            id: UserId::from_uuid(line.id),
            email: Email::try_from(&*line.email).map_err(|_| Misfit("an address is none"))?,
            email_verified_at: line.email_verified_at,
            password: Password { hash, changed_at, history },
            roles: roles.map_err(|_| Misfit("a role is none"))?,
            status: line.disabled_since.map_or(Status::Active, |since| Status::Disabled { since }),
            erase_at: line.erase_at,
            challenges: Challenges::default(),
            outbox: Outbox::default(),
            epoch: line.epoch,
            kept: line.kept.map(SessionId::from_uuid),
            revision: line.revision,
            created_at: line.created_at,
            updated_at: line.updated_at,
        }))
    }
}

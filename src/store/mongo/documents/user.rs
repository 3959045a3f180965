//! A document of `users`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{
    challenge::{Challenge, Challenges},
    email::Email,
    id::{SessionId, UserId},
    letter::{Letter, Outbox},
    stored_hash::StoredHash,
    user::{Password, Role, Status, User, UserAttrs},
};

use super::{
    Misfit,
    mailbox::{ChallengeDocument, LetterDocument},
    values::{Id, Moment},
};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::store::mongo) struct UserDocument {
    #[serde(rename = "_id")]
    id: Id,
    email: EmailDocument,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    email_verified_at: Option<Moment>,
    password: PasswordDocument,
    roles: Vec<String>,
    status: StatusName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    disabled_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    erase_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    challenges: Vec<ChallengeDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outbox: Vec<LetterDocument>,
    epoch: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Id")]
    kept: Option<Id>,
    revision: u64,
    created_at: Moment,
    updated_at: Moment,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EmailDocument {
    original: String,
    canonical: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PasswordDocument {
    hash: String,
    changed_at: Moment,
    /// Of a release that kept none, there is none.
    #[serde(default)]
    history: Vec<String>,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum StatusName {
    Active,
    Disabled,
}

impl UserDocument {
    /// The fields that are left out when there is nothing to say.
    pub(in crate::store::mongo) const OPTIONAL: [&str; 6] =
        ["emailVerifiedAt", "disabledAt", "eraseAt", "challenges", "outbox", "kept"];
}

impl TryFrom<&User> for UserDocument {
    type Error = Misfit;

    fn try_from(user: &User) -> Result<Self, Misfit> {
        let attrs = user.attrs();
        let (status, disabled_at) = match attrs.status {
            Status::Active => (StatusName::Active, None),
            Status::Disabled { since } => (StatusName::Disabled, Some(since.into())),
        };
        Ok(Self {
            id: attrs.id.as_uuid().into(),
            email: EmailDocument {
                original: attrs.email.original().to_owned(),
                canonical: attrs.email.canonical().to_owned(),
            },
            email_verified_at: attrs.email_verified_at.map(Moment::from),
            password: PasswordDocument {
                hash: attrs.password.hash.reveal().map_err(|_| Misfit("password.hash"))?,
                changed_at: attrs.password.changed_at.into(),
                history: attrs
                    .password
                    .history
                    .iter()
                    .map(|hash| hash.reveal().map_err(|_| Misfit("password.history")))
                    .collect::<Result<_, _>>()?,
            },
            roles: attrs.roles.iter().map(ToString::to_string).collect(),
            status,
            disabled_at,
            erase_at: attrs.erase_at.map(Moment::from),
            challenges: attrs.challenges.iter().map(ChallengeDocument::from).collect(),
            outbox: attrs.outbox.iter().map(LetterDocument::from).collect(),
            epoch: attrs.epoch,
            kept: attrs.kept.map(|session| session.as_uuid().into()),
            revision: attrs.revision,
            created_at: attrs.created_at.into(),
            updated_at: attrs.updated_at.into(),
        })
    }
}

impl TryFrom<UserDocument> for User {
    type Error = Misfit;

    fn try_from(stored: UserDocument) -> Result<Self, Misfit> {
        let roles = stored.roles.iter().map(|role| Role::try_from(role.as_str()));
        let verified = stored.email_verified_at.map(|at| at.read("emailVerifiedAt"));
        Ok(Self::build(UserAttrs {
            id: UserId::from_uuid(stored.id.into()),
            email: stored.email.read()?,
            email_verified_at: verified.transpose()?,
            password: stored.password.read()?,
            roles: roles.collect::<Result<_, _>>().map_err(|_| Misfit("roles"))?,
            status: read_status(stored.status, stored.disabled_at)?,
            erase_at: stored.erase_at.map(|at| at.read("eraseAt")).transpose()?,
            challenges: read_challenges(stored.challenges)?,
            outbox: read_outbox(stored.outbox)?,
            epoch: stored.epoch,
            kept: stored.kept.map(|session| SessionId::from_uuid(session.into())),
            revision: stored.revision,
            created_at: stored.created_at.read("createdAt")?,
            updated_at: stored.updated_at.read("updatedAt")?,
        }))
    }
}

impl EmailDocument {
    /// The canonical form is what is unique, so it has to be the one of this address.
    fn read(&self) -> Result<Email, Misfit> {
        let email = Email::try_from(self.original.as_str()).map_err(|_| Misfit("email.original"))?;
        if email.canonical() == self.canonical { Ok(email) } else { Err(Misfit("email.canonical")) }
    }
}

impl PasswordDocument {
    fn read(&self) -> Result<Password, Misfit> {
        let hash = StoredHash::parse(&self.hash).map_err(|_| Misfit("password.hash"))?;
        let history = self.history.iter().map(|hash| StoredHash::parse(hash)).collect::<Result<_, _>>();
        let history = history.map_err(|_| Misfit("password.history"))?;
        Ok(Password { hash, changed_at: self.changed_at.read("password.changedAt")?, history })
    }
}

fn read_challenges(stored: Vec<ChallengeDocument>) -> Result<Challenges, Misfit> {
    stored.into_iter().map(Challenge::try_from).collect::<Result<_, _>>().map(Challenges::stored)
}

fn read_outbox(stored: Vec<LetterDocument>) -> Result<Outbox, Misfit> {
    stored.into_iter().map(Letter::try_from).collect::<Result<_, _>>().map(Outbox::stored)
}

fn read_status(name: StatusName, disabled_at: Option<Moment>) -> Result<Status, Misfit> {
    match (name, disabled_at) {
        (StatusName::Active, None) => Ok(Status::Active),
        (StatusName::Disabled, Some(at)) => Ok(Status::Disabled { since: at.read("disabledAt")? }),
        _ => Err(Misfit("status")),
    }
}

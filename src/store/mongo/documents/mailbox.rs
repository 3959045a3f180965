//! Challenges and letters, as they lie in the document of their user.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{
    challenge::{Challenge, Purpose},
    email::Email,
    id::LetterId,
    letter::{Letter, LetterKind, LetterState},
    sealed::Sealed,
};

use super::{
    Misfit,
    values::{Bytes, Digest, Id, Moment},
};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChallengeDocument {
    purpose: String,
    email: String,
    digest: Digest,
    expires_at: Moment,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LetterDocument {
    id: Id,
    kind: String,
    to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Bytes")]
    token: Option<Bytes>,
    expires_at: Moment,
    attempts: u32,
    /// Of a letter that waits, and no other: an index finds it by this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    next_try_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    dead_since: Option<Moment>,
}

impl From<&Challenge> for ChallengeDocument {
    fn from(challenge: &Challenge) -> Self {
        Self {
            purpose: challenge.purpose.as_str().to_owned(),
            email: challenge.email.original().to_owned(),
            digest: (&challenge.digest).into(),
            expires_at: challenge.expires_at.into(),
        }
    }
}

impl TryFrom<ChallengeDocument> for Challenge {
    type Error = Misfit;

    fn try_from(stored: ChallengeDocument) -> Result<Self, Misfit> {
        Ok(Self {
            purpose: Purpose::parse(&stored.purpose).ok_or(Misfit("challenges.purpose"))?,
            email: Email::try_from(stored.email.as_str()).map_err(|_| Misfit("challenges.email"))?,
            digest: stored.digest.read("challenges.digest")?,
            expires_at: stored.expires_at.read("challenges.expiresAt")?,
        })
    }
}

impl From<&Letter> for LetterDocument {
    fn from(letter: &Letter) -> Self {
        let (next_try_at, dead_since) = match letter.state {
            LetterState::Waiting { until } => (Some(until.into()), None),
            LetterState::Dead { since } => (None, Some(since.into())),
        };
        Self {
            id: letter.id.as_uuid().into(),
            kind: letter.kind.as_str().to_owned(),
            to: letter.to.original().to_owned(),
            token: letter.token.as_ref().map(|token| token.as_bytes().into()),
            expires_at: letter.expires_at.into(),
            attempts: letter.attempts,
            next_try_at,
            dead_since,
        }
    }
}

impl TryFrom<LetterDocument> for Letter {
    type Error = Misfit;

    fn try_from(stored: LetterDocument) -> Result<Self, Misfit> {
        Ok(Self {
            id: LetterId::from_uuid(stored.id.into()),
            kind: LetterKind::parse(&stored.kind).ok_or(Misfit("outbox.kind"))?,
            to: Email::try_from(stored.to.as_str()).map_err(|_| Misfit("outbox.to"))?,
            token: stored.token.map(|token| Sealed::from_bytes(token.into())),
            expires_at: stored.expires_at.read("outbox.expiresAt")?,
            attempts: stored.attempts,
            state: match (stored.next_try_at, stored.dead_since) {
                (Some(until), None) => LetterState::Waiting { until: until.read("outbox.nextTryAt")? },
                (None, Some(since)) => LetterState::Dead { since: since.read("outbox.deadSince")? },
                _ => return Err(Misfit("outbox")),
            },
        })
    }
}

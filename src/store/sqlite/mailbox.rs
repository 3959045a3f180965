//! Challenges and letters as JSON in the row of their user: read with it, and written by the same statement.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    challenge::{Challenge, Challenges, Purpose},
    email::Email,
    hex::{hex, unhex},
    id::LetterId,
    letter::{Letter, LetterKind, LetterState, Outbox},
    sealed::Sealed,
    secret::SecretDigest,
};

#[derive(Serialize, Deserialize)]
pub(super) struct ChallengeColumn {
    purpose: String,
    email: String,
    digest: String,
    expires_at: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LetterColumn {
    id: Uuid,
    kind: String,
    to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    expires_at: i64,
    attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dead_since: Option<i64>,
}

pub(super) fn write_challenges(challenges: &Challenges) -> serde_json::Result<String> {
    let column = |challenge: &Challenge| ChallengeColumn {
        purpose: challenge.purpose.as_str().to_owned(),
        email: challenge.email.original().to_owned(),
        digest: hex(challenge.digest.as_bytes()),
        expires_at: challenge.expires_at.as_millisecond(),
    };
    serde_json::to_string(&challenges.iter().map(column).collect::<Vec<_>>())
}

pub(super) fn write_outbox(outbox: &Outbox) -> serde_json::Result<String> {
    let column = |letter: &Letter| {
        let (until, dead_since) = match letter.state {
            LetterState::Waiting { until } => (Some(until.as_millisecond()), None),
            LetterState::Dead { since } => (None, Some(since.as_millisecond())),
        };
        LetterColumn {
            id: letter.id.as_uuid(),
            kind: letter.kind.as_str().to_owned(),
            to: letter.to.original().to_owned(),
            token: letter.token.as_ref().map(|token| hex(token.as_bytes())),
            expires_at: letter.expires_at.as_millisecond(),
            attempts: letter.attempts,
            until,
            dead_since,
        }
    };
    serde_json::to_string(&outbox.iter().map(column).collect::<Vec<_>>())
}

/// `None` where one of them cannot be what it says.
pub(super) fn read_challenges(columns: Vec<ChallengeColumn>) -> Option<Challenges> {
    let read = |column: ChallengeColumn| {
        Some(Challenge {
            purpose: Purpose::parse(&column.purpose)?,
            email: Email::try_from(column.email.as_str()).ok()?,
            digest: SecretDigest::from_bytes(unhex(&column.digest)?.try_into().ok()?),
            expires_at: moment(column.expires_at)?,
        })
    };
    columns.into_iter().map(read).collect::<Option<_>>().map(Challenges::stored)
}

/// `None` where one of them cannot be what it says.
pub(super) fn read_outbox(columns: Vec<LetterColumn>) -> Option<Outbox> {
    let read = |column: LetterColumn| {
        let token = column.token.map(|token| unhex(&token).map(Sealed::from_bytes));
        Some(Letter {
            id: LetterId::from_uuid(column.id),
            kind: LetterKind::parse(&column.kind)?,
            to: Email::try_from(column.to.as_str()).ok()?,
            token: if let Some(token) = token { Some(token?) } else { None },
            expires_at: moment(column.expires_at)?,
            attempts: column.attempts,
            state: match (column.until, column.dead_since) {
                (Some(until), None) => LetterState::Waiting { until: moment(until)? },
                (None, Some(since)) => LetterState::Dead { since: moment(since)? },
                _ => return None,
            },
        })
    };
    columns.into_iter().map(read).collect::<Option<_>>().map(Outbox::stored)
}

fn moment(millis: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(millis).ok()
}

//! The lines of a dump: one JSON object each, whose only member says what it is.
//!
//! Written from the domain's types, member by member, so that a new field does not compile until it has its place here.

mod event;
mod session;
mod user;

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use uuid::Uuid;

use crate::domain::{
    id::KeyId,
    one_time::{OneTime, Purpose},
    record::Record,
    sealed::Sealed,
    secret::SecretDigest,
    signing_key::SigningKey,
};

use self::{event::EventLine, session::SessionLine, user::UserLine};

use super::{DumpError, Header, Sums};

/// What stands between the header and the end of the file.
pub(super) enum Line {
    Record(Box<Record>),
    Ending(Sums),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Any {
    User(UserLine),
    Session(SessionLine),
    OneTime(OneTimeLine),
    SigningKey(SigningKeyLine),
    Event(EventLine),
    End(Sums),
}

#[derive(Serialize, Deserialize)]
struct First {
    portcullis: Header,
}

/// What cannot be read as what it should be; its value stays out of what is said.
struct Misfit(&'static str);

pub(super) fn write(record: &Record) -> Result<Vec<u8>, DumpError> {
    let line = match record {
        Record::User(user) => Any::User(UserLine::of(user).ok_or(DumpError::Unwritable("password"))?),
        Record::Session(session) => Any::Session(session.into()),
        Record::OneTime(record) => Any::OneTime(record.into()),
        Record::SigningKey(key) => Any::SigningKey(key.into()),
        Record::Event(event) => Any::Event(event.into()),
    };
    write_line(&line)
}

pub(super) fn write_header(header: &Header) -> Result<Vec<u8>, DumpError> {
    write_line(&First { portcullis: header.clone() })
}

pub(super) fn write_ending(sums: &Sums) -> Result<Vec<u8>, DumpError> {
    write_line(&Any::End(sums.clone()))
}

fn write_line(line: &impl Serialize) -> Result<Vec<u8>, DumpError> {
    let mut line = serde_json::to_vec(line).map_err(|_| DumpError::Unwritable("it is no JSON"))?;
    line.push(b'\n');
    Ok(line)
}

pub(super) fn read_header(line: &[u8]) -> Option<Header> {
    serde_json::from_slice::<First>(line).ok().map(|first| first.portcullis)
}

pub(super) fn read(line: &[u8]) -> Result<Line, DumpError> {
    let any =
        serde_json::from_slice(line).map_err(|_| DumpError::Damaged("a line is not what it should be"))?;
    let record = match any {
        Any::User(line) => line.try_into().map(Record::User),
        Any::Session(line) => line.try_into().map(Record::Session),
        Any::OneTime(line) => line.try_into().map(Record::OneTime),
        Any::SigningKey(line) => Ok(Record::SigningKey(line.into())),
        Any::Event(line) => line.try_into().map(Record::Event),
        Any::End(sums) => return Ok(Line::Ending(sums)),
    };
    record.map(|record| Line::Record(Box::new(record))).map_err(|Misfit(what)| DumpError::Damaged(what))
}

/// Written in base64.
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(|_| D::Error::custom("not base64"))
    }
}

impl From<&SecretDigest> for Bytes {
    fn from(digest: &SecretDigest) -> Self {
        Self(digest.as_bytes().to_vec())
    }
}

impl TryFrom<Bytes> for SecretDigest {
    type Error = Misfit;

    fn try_from(bytes: Bytes) -> Result<Self, Misfit> {
        bytes.0.try_into().map(Self::from_bytes).map_err(|_| Misfit("a digest has not 32 bytes"))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OneTimeLine {
    digest: Bytes,
    purpose: String,
    facts: BTreeMap<String, String>,
    attempts_left: u32,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl From<&OneTime> for OneTimeLine {
    fn from(record: &OneTime) -> Self {
        let OneTime { digest, purpose, facts, attempts_left, created_at, expires_at } = record;
        Self {
            digest: digest.into(),
            purpose: purpose.as_str().to_owned(),
            facts: facts.clone(),
            attempts_left: *attempts_left,
            created_at: *created_at,
            expires_at: *expires_at,
        }
    }
}

impl TryFrom<OneTimeLine> for OneTime {
    type Error = Misfit;

    fn try_from(line: OneTimeLine) -> Result<Self, Misfit> {
        Ok(Self {
            digest: line.digest.try_into()?,
            purpose: Purpose::parse(&line.purpose).ok_or(Misfit("a purpose is unknown"))?,
            facts: line.facts,
            attempts_left: line.attempts_left,
            created_at: line.created_at,
            expires_at: line.expires_at,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SigningKeyLine {
    id: Uuid,
    number: u64,
    public: Bytes,
    private: Bytes,
    created_at: Timestamp,
    not_before: Timestamp,
}

impl From<&SigningKey> for SigningKeyLine {
    fn from(key: &SigningKey) -> Self {
        let SigningKey { id, number, public, private, created_at, not_before } = key;
        Self {
            id: id.as_uuid(),
            number: *number,
            public: Bytes(public.clone()),
            private: Bytes(private.as_bytes().to_vec()),
            created_at: *created_at,
            not_before: *not_before,
        }
    }
}

impl From<SigningKeyLine> for SigningKey {
    fn from(line: SigningKeyLine) -> Self {
        Self {
            id: KeyId::from_uuid(line.id),
            number: line.number,
            public: line.public.0,
            private: Sealed::from_bytes(line.private.0),
            created_at: line.created_at,
            not_before: line.not_before,
        }
    }
}

//! An event as a line.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    device::Device,
    event::{Actor, ChainDigest, Detail, Event, EventKind, Link, Particulars, Reason, RequestName, TraceId},
    id::{EventId, SessionId, UserId},
};

use super::{Bytes, Misfit};

/// The first format had no more than `id`, `kind`, `userId`, `sessionId`, `ip` and `at`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EventLine {
    id: Uuid,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commitment: Option<Bytes>,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stamp: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<LinkLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LinkLine {
    position: u64,
    previous: Bytes,
    previous_expires_at: Timestamp,
    expires_at: Timestamp,
    digest: Bytes,
}

impl From<&Event> for EventLine {
    fn from(event: &Event) -> Self {
        let Event { id, kind, reason, detail, actor, user_id, request, trace, particulars, .. } = event;
        let (Event { commitment, at, stamp, link, .. }, known) = (event, particulars.clone());
        let Particulars { salt, session_id, subject, device } = known.unwrap_or_default();
        Self {
            id: id.as_uuid(),
            kind: kind.as_str().to_owned(),
            reason: reason.map(|reason| reason.as_str().to_owned()),
            detail: detail.as_ref().map(|detail| detail.as_str().to_owned()),
            actor: Some(actor.as_str().to_owned()),
            user_id: user_id.map(|user| user.as_uuid()),
            request: request.as_ref().map(|request| request.as_str().to_owned()),
            trace: trace.map(|trace| trace.to_string()),
            salt: particulars.as_ref().map(|_| Bytes(salt.to_vec())),
            session_id: session_id.map(|session| session.as_uuid()),
            subject: subject.as_ref().map(Bytes::from),
            user_agent: device.user_agent().map(str::to_owned),
            ip: device.ip(),
            commitment: Some(Bytes(commitment.to_vec())),
            at: *at,
            stamp: stamp.map(|stamp| Bytes(stamp.to_vec())),
            link: link.map(LinkLine::from),
        }
    }
}

impl From<Link> for LinkLine {
    fn from(link: Link) -> Self {
        let Link { position, previous, previous_expires_at, expires_at, digest } = link;
        let bytes = |digest: ChainDigest| Bytes(digest.as_bytes().to_vec());
        Self { position, previous: bytes(previous), previous_expires_at, expires_at, digest: bytes(digest) }
    }
}

impl TryFrom<EventLine> for Event {
    type Error = Misfit;

    fn try_from(line: EventLine) -> Result<Self, Misfit> {
        let salt = line.salt.map(array).transpose()?;
        let known = Particulars {
            salt: salt.unwrap_or_default(),
            session_id: line.session_id.map(SessionId::from_uuid),
            subject: line.subject.map(Bytes::try_into).transpose()?,
            device: Device::new(line.user_agent.as_deref(), line.ip),
        };
        let commitment = line.commitment.map(array).transpose()?;
        let (particulars, commitment) = Particulars::read(known, salt.is_some(), commitment);
        let reason = line.reason.map(|name| Reason::read(&name).ok_or(Misfit("a reason is unknown")));
        let detail = line.detail.map(|text| Detail::parse(&text).ok_or(Misfit("a detail is none")));
        let actor = line.actor.map_or(Some(Actor::User), |name| Actor::read(&name));
        let request = line.request.map(|name| RequestName::parse(&name).ok_or(Misfit("a request's name")));
        let trace = line.trace.map(|id| id.parse::<TraceId>().map_err(|_| Misfit("a trace's name")));
        Ok(Self {
            id: EventId::from_uuid(line.id),
            kind: EventKind::read(&line.kind).ok_or(Misfit("a kind of event is unknown"))?,
            reason: reason.transpose()?,
            detail: detail.transpose()?,
            actor: actor.ok_or(Misfit("an actor is unknown"))?,
            user_id: line.user_id.map(UserId::from_uuid),
            request: request.transpose()?,
            trace: trace.transpose()?,
            particulars,
            commitment,
            at: line.at,
            stamp: line.stamp.map(array).transpose()?,
            link: line.link.map(Link::try_from).transpose()?,
        })
    }
}

impl TryFrom<LinkLine> for Link {
    type Error = Misfit;

    fn try_from(line: LinkLine) -> Result<Self, Misfit> {
        Ok(Self {
            position: line.position,
            previous: array(line.previous).map(ChainDigest::from_bytes)?,
            previous_expires_at: line.previous_expires_at,
            expires_at: line.expires_at,
            digest: array(line.digest).map(ChainDigest::from_bytes)?,
        })
    }
}

fn array<const N: usize>(bytes: Bytes) -> Result<[u8; N], Misfit> {
    bytes.0.try_into().map_err(|_| Misfit("bytes of an event are too many or too few"))
}

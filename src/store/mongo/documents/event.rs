//! A document of `events`.

use mongodb::bson::{self, Bson, Document, doc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{
    device::Device,
    event::{
        Actor, ChainDigest, Detail, Event, EventKind, Head, Link, Particulars, Reason, RequestName, TraceId,
    },
    id::{EventId, SessionId, UserId},
};

use super::{
    Misfit,
    values::{Bytes, Digest, Id, Moment},
};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::store::mongo) struct EventDocument {
    #[serde(rename = "_id")]
    id: Id,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    detail: Option<String>,
    /// Left out by the release before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    actor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Id")]
    user_id: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    request: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Bytes")]
    trace: Option<Bytes>,
    /// Taken out when its user is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ParticularsDocument")]
    particulars: Option<ParticularsDocument>,
    /// Where the release before has put it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Id")]
    session_id: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    ip: Option<String>,
    /// Of the particulars; left out by the release before, until it is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Bytes")]
    commitment: Option<Bytes>,
    at: Moment,
    /// Taken out when it is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Bytes")]
    stamp: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LinkDocument")]
    link: Option<LinkDocument>,
}

/// What goes when its user is erased.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ParticularsDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Bytes")]
    salt: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Id")]
    session_id: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Digest")]
    subject: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    ip: Option<String>,
}

/// A sealed event's place in the chain.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::store::mongo) struct LinkDocument {
    position: i64,
    previous: Bytes,
    previous_expires_at: Moment,
    expires_at: Moment,
    digest: Bytes,
}

/// Of an event, its place only.
#[derive(Deserialize)]
pub(in crate::store::mongo) struct LinkedDocument {
    link: LinkDocument,
}

impl EventDocument {
    /// What an update writes that gives an event its place. One of the release before gets with it what it lacks.
    pub(in crate::store::mongo) fn seal(event: &Event) -> Result<Vec<Document>, Misfit> {
        let sealed = bson::serialize_to_document(&Self::from(event)).map_err(|_| Misfit("events"))?;
        let literal = |field| doc! { "$literal": sealed.get(field).cloned().unwrap_or(Bson::Null) };
        let is_old = doc! { "$lte": ["$commitment", null] };
        let place = doc! { "$set": {
            "link": literal("link"),
            "commitment": { "$ifNull": ["$commitment", literal("commitment")] },
            "particulars": { "$cond": [is_old, literal("particulars"), "$particulars"] },
        } };
        Ok(vec![place, doc! { "$unset": "stamp" }])
    }
}

impl From<&Event> for EventDocument {
    fn from(event: &Event) -> Self {
        Self {
            id: event.id.as_uuid().into(),
            kind: event.kind.as_str().to_owned(),
            reason: event.reason.map(|reason| reason.as_str().to_owned()),
            detail: event.detail.as_ref().map(|detail| detail.as_str().to_owned()),
            actor: Some(event.actor.as_str().to_owned()),
            user_id: event.user_id.map(|user| user.as_uuid().into()),
            request: event.request.as_ref().map(|request| request.as_str().to_owned()),
            trace: event.trace.map(|trace| trace.as_bytes().as_slice().into()),
            particulars: event.particulars.as_ref().map(ParticularsDocument::from),
            session_id: None,
            ip: None,
            commitment: Some(event.commitment.as_slice().into()),
            at: event.at.into(),
            stamp: event.stamp.map(|stamp| stamp.as_slice().into()),
            link: event.link.map(LinkDocument::from),
        }
    }
}

impl From<&Particulars> for ParticularsDocument {
    fn from(known: &Particulars) -> Self {
        Self {
            salt: Some(known.salt.as_slice().into()),
            session_id: known.session_id.map(|session| session.as_uuid().into()),
            subject: known.subject.as_ref().map(Digest::from),
            user_agent: known.device.user_agent().map(str::to_owned),
            ip: known.device.ip().map(|ip| ip.to_string()),
        }
    }
}

impl From<Link> for LinkDocument {
    fn from(link: Link) -> Self {
        Self {
            position: i64::try_from(link.position).unwrap_or(i64::MAX),
            previous: link.previous.as_bytes().as_slice().into(),
            previous_expires_at: link.previous_expires_at.into(),
            expires_at: link.expires_at.into(),
            digest: link.digest.as_bytes().as_slice().into(),
        }
    }
}

impl TryFrom<EventDocument> for Event {
    type Error = Misfit;

    fn try_from(stored: EventDocument) -> Result<Self, Misfit> {
        let EventDocument { session_id, ip, .. } = stored;
        let before = || ParticularsDocument { session_id, ip, ..ParticularsDocument::default() };
        let commitment = stored.commitment.map(|bytes| array(bytes, "commitment")).transpose()?;
        let known = stored.particulars.unwrap_or_else(before).read()?;
        let (particulars, commitment) = Particulars::read(known.1, known.0, commitment);
        let actor = stored.actor.as_deref().map_or(Some(Actor::User), Actor::read);
        let reason = stored.reason.map(|reason| Reason::read(&reason).ok_or(Misfit("reason")));
        let trace = stored.trace.map(|bytes| array(bytes, "trace")).transpose()?;
        let request = stored.request.map(|text| RequestName::parse(&text).ok_or(Misfit("request")));
        Ok(Self {
            id: EventId::from_uuid(stored.id.into()),
            kind: EventKind::read(&stored.kind).ok_or(Misfit("kind"))?,
            reason: reason.transpose()?,
            detail: stored.detail.as_deref().map(Detail::read),
            actor: actor.ok_or(Misfit("actor"))?,
            user_id: stored.user_id.map(|user| UserId::from_uuid(user.into())),
            request: request.transpose()?,
            trace: trace.and_then(TraceId::from_bytes),
            particulars,
            commitment,
            at: stored.at.read("at")?,
            stamp: stored.stamp.map(|bytes| array(bytes, "stamp")).transpose()?,
            link: stored.link.map(LinkDocument::read).transpose()?,
        })
    }
}

impl ParticularsDocument {
    /// And whether there is a salt.
    fn read(self) -> Result<(bool, Particulars), Misfit> {
        let ip = self.ip.map(|ip| ip.parse()).transpose().map_err(|_| Misfit("ip"))?;
        let salt = self.salt.map(|bytes| array(bytes, "salt")).transpose()?;
        let known = Particulars {
            salt: salt.unwrap_or_default(),
            session_id: self.session_id.map(|session| SessionId::from_uuid(session.into())),
            subject: self.subject.map(|digest| digest.read("subject")).transpose()?,
            device: Device::new(self.user_agent.as_deref(), ip),
        };
        Ok((salt.is_some(), known))
    }
}

impl LinkDocument {
    fn read(self) -> Result<Link, Misfit> {
        let digest = |bytes, field| array(bytes, field).map(ChainDigest::from_bytes);
        Ok(Link {
            position: self.position.try_into().map_err(|_| Misfit("link.position"))?,
            previous: digest(self.previous, "link.previous")?,
            previous_expires_at: self.previous_expires_at.read("link.previousExpiresAt")?,
            expires_at: self.expires_at.read("link.expiresAt")?,
            digest: digest(self.digest, "link.digest")?,
        })
    }
}

impl TryFrom<LinkedDocument> for Head {
    type Error = Misfit;

    fn try_from(stored: LinkedDocument) -> Result<Self, Misfit> {
        stored.link.read().map(|link| link.head())
    }
}

fn array<const N: usize>(bytes: Bytes, field: &'static str) -> Result<[u8; N], Misfit> {
    Vec::from(bytes).try_into().map_err(|_| Misfit(field))
}

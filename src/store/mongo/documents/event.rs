//! A document of `events`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{
    event::{Event, EventKind},
    id::{EventId, SessionId, UserId},
};

use super::{
    Misfit,
    values::{Id, Moment},
};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::store::mongo) struct EventDocument {
    #[serde(rename = "_id")]
    id: Id,
    kind: String,
    user_id: Id,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Id")]
    session_id: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    ip: Option<String>,
    at: Moment,
}

impl From<&Event> for EventDocument {
    fn from(event: &Event) -> Self {
        Self {
            id: event.id.as_uuid().into(),
            kind: event.kind.as_str().to_owned(),
            user_id: event.user_id.as_uuid().into(),
            session_id: event.session_id.map(|session| session.as_uuid().into()),
            ip: event.ip.map(|ip| ip.to_string()),
            at: event.at.into(),
        }
    }
}

impl TryFrom<EventDocument> for Event {
    type Error = Misfit;

    fn try_from(stored: EventDocument) -> Result<Self, Misfit> {
        Ok(Self {
            id: EventId::from_uuid(stored.id.into()),
            kind: EventKind::parse(&stored.kind).ok_or(Misfit("kind"))?,
            user_id: UserId::from_uuid(stored.user_id.into()),
            session_id: stored.session_id.map(|session| SessionId::from_uuid(session.into())),
            ip: stored.ip.map(|ip| ip.parse()).transpose().map_err(|_| Misfit("ip"))?,
            at: stored.at.read("at")?,
        })
    }
}

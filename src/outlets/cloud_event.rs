//! An event in the words of `CloudEvents`, which brokers and receivers know.

use serde::Serialize;

use super::Parcel;
use crate::domain::{
    device::Device,
    event::{Detail, Event, Reason, RequestName},
};

/// Version 1.0 of the specification, in its JSON format.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: String,
    source: &'a str,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: String,
    /// Its place in the chain, padded, so that the order of the texts is that of the events.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<String>,
    datacontenttype: &'static str,
    data: Data<'a>,
}

/// Members as the API has them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    id: String,
    kind: &'a str,
    reason: Option<&'a str>,
    detail: Option<&'a str>,
    actor: &'a str,
    at: String,
    user: Option<String>,
    session: Option<String>,
    ip: Option<String>,
    user_agent: Option<&'a str>,
    request: Option<&'a str>,
    trace: Option<String>,
}

impl Parcel {
    /// `source` says whose event it is.
    pub fn of(event: &Event, source: &str) -> Self {
        let user = event.user_id.map(|user| user.to_string());
        let told = CloudEvent {
            specversion: "1.0",
            id: event.id.to_string(),
            source,
            r#type: format!("portcullis.{}", event.kind.as_str()),
            subject: user.clone(),
            time: event.at.to_string(),
            sequence: event.position().map(|position| format!("{position:020}")),
            datacontenttype: "application/json",
            data: Data::of(event, user),
        };
        // What is made of texts alone can always be written.
        let body = serde_json::to_string(&told).unwrap_or_default();
        Self { id: event.id, kind: event.kind, body }
    }
}

impl<'a> Data<'a> {
    fn of(event: &'a Event, user: Option<String>) -> Self {
        let device = event.device();
        Self {
            id: event.id.to_string(),
            kind: event.kind.as_str(),
            reason: event.reason.as_ref().map(Reason::as_str),
            detail: event.detail.as_ref().map(Detail::as_str),
            actor: event.actor.as_str(),
            at: event.at.to_string(),
            user,
            session: event.session_id().map(|session| session.to_string()),
            ip: device.and_then(Device::ip).map(|ip| ip.to_string()),
            user_agent: device.and_then(Device::user_agent),
            request: event.request.as_ref().map(RequestName::as_str),
            trace: event.trace.map(|trace| trace.to_string()),
        }
    }
}

//! Events on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{
        device::Device,
        event::{Detail, Event, Reason, RequestName},
    },
    flows::list_events::Page,
};

/// What happened, to whom, by whom, and from where. What is not known, or was forgotten with its user, is `null`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventBody {
    #[schema(format = Uuid)]
    id: String,
    #[schema(example = "signin_failed")]
    kind: String,
    #[schema(required = true, example = "wrong_password")]
    reason: Option<String>,
    /// What exactly was done, where the kind does not say it all: of `roles_changed` the roles, `+administrator -support`.
    #[schema(required = true)]
    detail: Option<String>,
    /// `user`: the one whom it is about; `anyone`, who has not shown that they are that one; `operator`, on the command line; or `service`.
    #[schema(example = "anyone")]
    actor: String,
    #[schema(format = DateTime)]
    at: String,
    #[schema(format = Uuid, required = true)]
    user: Option<String>,
    #[schema(format = Uuid, required = true)]
    session: Option<String>,
    #[schema(required = true)]
    ip: Option<String>,
    #[schema(required = true)]
    user_agent: Option<String>,
    /// What the answer said in `X-Request-Id`.
    #[schema(required = true)]
    request: Option<String>,
    /// Of the `traceparent` that came with it.
    #[schema(required = true)]
    trace: Option<String>,
}

/// The newest first.
#[derive(Serialize, ToSchema)]
pub struct EventsBody {
    events: Vec<EventBody>,
    /// Where there are more: what to send as `before` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

impl From<&Page> for EventsBody {
    fn from(page: &Page) -> Self {
        Self {
            events: page.events.iter().map(EventBody::from).collect(),
            next: page.next.map(|id| id.to_string()),
        }
    }
}

impl From<&Event> for EventBody {
    fn from(event: &Event) -> Self {
        let device = event.device();
        Self {
            id: event.id.to_string(),
            kind: event.kind.as_str().to_owned(),
            reason: event.reason.as_ref().map(Reason::as_str).map(str::to_owned),
            detail: event.detail.as_ref().map(Detail::as_str).map(str::to_owned),
            actor: event.actor.as_str().to_owned(),
            at: event.at.to_string(),
            user: event.user_id.map(|user| user.to_string()),
            session: event.session_id().map(|session| session.to_string()),
            ip: device.and_then(Device::ip).map(|ip| ip.to_string()),
            user_agent: device.and_then(|device| device.user_agent()).map(str::to_owned),
            request: event.request.as_ref().map(RequestName::as_str).map(str::to_owned),
            trace: event.trace.map(|trace| trace.to_string()),
        }
    }
}

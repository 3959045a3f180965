//! Sessions on the wire: where somebody is signed in, and how they end it.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        id::SessionId,
        session::{Method, Session},
    },
    flows::{self, Services},
};

use super::{
    Site,
    caller::Caller,
    client::CalledFrom,
    cookie,
    extract::{Ignored, JsonIfAny},
    problem::Problem,
    problem_body::ProblemBody,
    refusals::{OfACaller, OfAChange, OfAQuestion, OfEnding, OfJson, Refusals},
};

/// One place where somebody is signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionBody {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// To the minute.
    #[schema(format = DateTime)]
    last_seen_at: String,
    #[schema(required = true)]
    user_agent: Option<String>,
    #[schema(required = true)]
    ip: Option<String>,
    /// How its user proved who they are, by the names of RFC 8176.
    amr: Vec<&'static str>,
    /// Whether it is the one that asks.
    current: bool,
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignOutAllBody {
    /// Leaves the session that asks as it is.
    #[serde(default)]
    keep_current: bool,
}

#[derive(Serialize, ToSchema)]
pub struct EndedBody {
    /// How many sessions have ended by this.
    ended: usize,
}

/// List sessions
#[utoipa::path(
    get, path = "/api/users/sessions", tag = "users", security(("session" = []), ("token" = [])),
    responses(
        (status = 200, description = "The caller's sessions, the newest first", body = [SessionBody]),
        OfACaller, OfAQuestion, Refusals,
    )
)]
pub async fn list(services: Data<Services>, caller: Caller) -> Result<HttpResponse, Problem> {
    let sessions = flows::list_sessions::list_sessions(&services, &caller.0).await?;
    let current = caller.0.session.id;
    let bodies: Vec<_> = sessions.iter().map(|session| SessionBody::of(session, current)).collect();
    Ok(HttpResponse::Ok().json(bodies))
}

/// End a session
#[utoipa::path(
    delete, path = "/api/users/sessions/{id}", tag = "users", security(("session" = []), ("token" = [])),
    params(("id" = Uuid, Path, description = "One of the caller's sessions")),
    responses(
        (status = 204, description = "It has ended, now or before"),
        (status = 404, description = "It never was the caller's", content_type = "application/problem+json", body = ProblemBody<'static>),
        OfACaller, OfEnding, OfAChange, Refusals,
    )
)]
pub async fn end(
    services: Data<Services>,
    caller: Caller,
    CalledFrom(from): CalledFrom,
    id: Path<String>,
    _: Ignored,
) -> Result<HttpResponse, Problem> {
    let id = Uuid::try_parse(&id).map_err(|_| Problem::NotFound)?;
    flows::end_session::end_session(&services, &caller.0, SessionId::from_uuid(id), &from).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Sign out everywhere
#[utoipa::path(
    post, path = "/api/users/signout-all", tag = "users", security(("session" = []), ("token" = [])), request_body = SignOutAllBody,
    responses(
        (status = 200, description = "Signed out", body = EndedBody),
        OfACaller, OfEnding, OfAChange, OfJson, Refusals,
    )
)]
pub async fn sign_out_all(
    services: Data<Services>,
    site: Data<Site>,
    caller: Caller,
    CalledFrom(from): CalledFrom,
    JsonIfAny(body): JsonIfAny<SignOutAllBody>,
) -> Result<HttpResponse, Problem> {
    let keep = body.keep_current;
    let ended = flows::end_all_sessions::end_all_sessions(&services, &caller.0, keep, &from).await?;
    let mut answer = HttpResponse::Ok().json(EndedBody { ended });
    if !body.keep_current {
        cookie::clear(&mut answer, &site.origin)?;
    }
    Ok(answer)
}

impl SessionBody {
    pub fn of(session: &Session, current: SessionId) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: session.created_at.to_string(),
            last_seen_at: session.last_seen_at.to_string(),
            user_agent: session.device.user_agent().map(str::to_owned),
            ip: session.device.ip().map(|ip| ip.to_string()),
            amr: session.amr.iter().copied().map(Method::as_str).collect(),
            current: session.id == current,
        }
    }
}

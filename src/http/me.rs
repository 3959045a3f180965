//! The caller's account on the wire: everything that is stored of them, and leaving.

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{challenge::Challenge, letter::Letter, session::Session},
    flows::{self, Services, export_user::Everything},
};

use super::{
    Site,
    account_bodies::LeaveBody,
    caller::Caller,
    client::CalledFrom,
    cookie,
    event_bodies::EventBody,
    extract::Json,
    problem::Problem,
    refusals::{OfACaller, OfAChange, OfAPassword, OfAQuestion, OfARace, OfATry, OfCredentials, Refusals},
    sessions::SessionBody,
    users::{Empty, UserBody},
};

/// Everything that is stored of a user, but for what only serves to recognise them: hashes, digests and what is sealed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportBody {
    user: UserBody,
    #[schema(format = DateTime, required = true)]
    email_verified_at: Option<String>,
    #[schema(format = DateTime)]
    password_changed_at: String,
    /// Hashes of earlier passwords, which may not be chosen again.
    passwords_remembered: usize,
    sessions: Vec<KeptSessionBody>,
    events: Vec<EventBody>,
    /// Links that were mailed; each holds until it expires or is used.
    links: Vec<LinkBody>,
    /// Mails that have not gone yet, or never will.
    mail: Vec<MailBody>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptSessionBody {
    #[serde(flatten)]
    session: SessionBody,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime, required = true)]
    ended_at: Option<String>,
    #[schema(required = true)]
    end_reason: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkBody {
    purpose: &'static str,
    #[schema(format = Email)]
    email: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MailBody {
    kind: &'static str,
    #[schema(format = Email)]
    to: String,
    attempts: u32,
}

/// Export
#[utoipa::path(
    get, path = "/api/users/me/export", tag = "users", security(("session" = []), ("token" = [])),
    responses(
        (status = 200, description = "Everything that is stored of the caller", body = ExportBody),
        OfACaller, OfAQuestion, Refusals,
    )
)]
pub async fn export(
    services: Data<Services>,
    caller: Caller,
    CalledFrom(from): CalledFrom,
) -> Result<HttpResponse, Problem> {
    let everything = flows::export_user::export_user(&services, &caller.0, &from).await?;
    Ok(HttpResponse::Ok().json(ExportBody::of(&everything, &caller)))
}

/// Leave
///
/// Ends all sessions. The account is erased after 14 days, with everything that is stored of the caller; signing in before that brings
/// it back.
#[utoipa::path(
    delete, path = "/api/users/me", tag = "users", security(("session" = []), ("token" = [])), request_body = LeaveBody,
    responses(
        (status = 202, description = "It will be erased", body = Empty),
        OfARace, OfAPassword, OfACaller, OfATry, OfCredentials, OfAChange, Refusals,
    )
)]
pub async fn leave(
    services: Data<Services>,
    site: Data<Site>,
    caller: Caller,
    CalledFrom(from): CalledFrom,
    Json(body): Json<LeaveBody>,
) -> Result<HttpResponse, Problem> {
    flows::leave::leave(&services, &caller.0, body.admit()?, &from).await?;
    let mut answer = HttpResponse::Accepted().json(Empty {});
    cookie::clear(&mut answer, &site.origin)?;
    Ok(answer)
}

impl ExportBody {
    fn of(everything: &Everything, caller: &Caller) -> Self {
        let (attrs, current) = (everything.user.attrs(), caller.0.session.id);
        let session = |session: &Session| KeptSessionBody {
            session: SessionBody::of(session, current),
            expires_at: session.expires_at.to_string(),
            ended_at: session.ended.map(|ended| ended.at.to_string()),
            end_reason: session.ended.map(|ended| ended.reason.as_str()),
        };
        Self {
            user: UserBody::of(&everything.user),
            email_verified_at: attrs.email_verified_at.map(|at| at.to_string()),
            password_changed_at: attrs.password.changed_at.to_string(),
            passwords_remembered: attrs.password.history.len(),
            sessions: everything.sessions.iter().map(session).collect(),
            events: everything.events.iter().map(EventBody::from).collect(),
            links: attrs.challenges.iter().map(LinkBody::from).collect(),
            mail: attrs.outbox.iter().map(MailBody::from).collect(),
        }
    }
}

impl From<&Challenge> for LinkBody {
    fn from(challenge: &Challenge) -> Self {
        Self {
            purpose: challenge.purpose.as_str(),
            email: challenge.email.original().to_owned(),
            expires_at: challenge.expires_at.to_string(),
        }
    }
}

impl From<&Letter> for MailBody {
    fn from(letter: &Letter) -> Self {
        Self { kind: letter.kind.as_str(), to: letter.to.original().to_owned(), attempts: letter.attempts }
    }
}

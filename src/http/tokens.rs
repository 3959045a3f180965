//! Access tokens on the wire: whom one speaks for, asked by services that would rather ask than verify.

use actix_web::{HttpRequest, HttpResponse, http::header::ContentType, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::flows::{
    Failure, Services,
    verify::{TokenRefusal, Verified, verify},
    who_am_i::who_am_i,
};

use super::{
    bearer,
    caller::Presented,
    extract::{Form, Json},
    fault::{faults, verdict},
    given::Given,
    health::MemoryBody,
    problem::Problem,
    refusals::{Refusals, TokenRefusals},
    token_bodies::{ActiveBody, IntrospectionBody, WhoAmIBody},
};

#[derive(Deserialize, Validate, ToSchema)]
pub struct TokenBody {
    #[serde(default)]
    #[validate(custom(function = "is_text"))]
    #[schema(value_type = String, required = true)]
    token: Given,
}

/// RFC 7662; `token_type_hint` is allowed and makes no difference.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub struct IntrospectionForm {
    #[schema(min_length = 1)]
    token: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenHealth {
    ok: bool,
    /// Keys that are published.
    keys: usize,
    memory: MemoryBody,
}

/// Verify
///
/// Whom the token speaks for, if its session still holds.
#[utoipa::path(
    post, path = "/v1/token/verify", tag = "tokens", request_body = TokenBody,
    responses((status = 200, description = "It holds", body = ActiveBody), TokenRefusals, Refusals)
)]
pub async fn verify_body(
    services: Data<Services>,
    Json(body): Json<TokenBody>,
) -> Result<HttpResponse, Problem> {
    body.validate().map_err(|found| Problem::Invalid(faults(&found)))?;
    let verified = verify(&services, body.token.text().unwrap_or_default()).await?;
    holds(&verified)
}

/// Verify a header
///
/// The same for the token in the `Authorization` header of this request.
#[utoipa::path(
    post, path = "/v1/token/verify-header", tag = "tokens", security(("token" = [])),
    responses((status = 200, description = "It holds", body = ActiveBody), TokenRefusals, Refusals)
)]
pub async fn verify_header(request: HttpRequest, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let token = bearer::token(request.headers()).map_err(|_| TokenRefusal::Invalid)?;
    let token = token.ok_or(Problem::NotSignedIn)?;
    let verified = verify(&services, token).await?;
    holds(&verified)
}

/// Introspect
///
/// RFC 7662: what the token says if it holds, and nothing of one that does not.
#[utoipa::path(
    post, path = "/v1/introspect", tag = "tokens",
    request_body(content = IntrospectionForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Whether it is active", body = IntrospectionBody), Refusals)
)]
pub async fn introspect(services: Data<Services>, form: Form) -> Result<HttpResponse, Problem> {
    let token = form.only("token")?;
    match verify(&services, token).await {
        Ok(verified) => Ok(HttpResponse::Ok().json(IntrospectionBody::of(&verified))),
        Err(Failure::Refused(_)) => Ok(HttpResponse::Ok().json(IntrospectionBody::inactive())),
        Err(failure) => Err(failure.into()),
    }
}

/// Who am I
///
/// Who stands behind the session cookie or the access token of this request, and an access token for them.
#[utoipa::path(
    get, path = "/v1/whoami", tag = "tokens", security(("session" = []), ("token" = [])),
    responses((status = 200, description = "The caller", body = WhoAmIBody), TokenRefusals, Refusals)
)]
pub async fn whoami(services: Data<Services>, presented: Presented) -> Result<HttpResponse, Problem> {
    let known = who_am_i(&services, &presented.0).await?;
    Ok(HttpResponse::Ok().json(WhoAmIBody::of(&known)))
}

/// Token health
///
/// As `/readyz`, with what is in memory.
#[utoipa::path(
    get, path = "/v1/token/health", tag = "tokens",
    responses((status = 200, description = "Ready", body = TokenHealth), Refusals)
)]
pub async fn health(services: Data<Services>) -> Result<HttpResponse, Problem> {
    if !services.readiness.is_ready(services.clock.uptime()) {
        return Err(Problem::NotReady);
    }
    let (keys, memory) = (services.keys.published().len(), MemoryBody::of(&services.memory));
    Ok(HttpResponse::Ok().json(TokenHealth { ok: true, keys, memory }))
}

/// Nothing is answered more often, so its text does not grow bit by bit.
fn holds(verified: &Verified) -> Result<HttpResponse, Problem> {
    let mut text = Vec::with_capacity(1024);
    serde_json::to_writer(&mut text, &ActiveBody::of(verified))
        .map_err(|error| Problem::Internal(error.into()))?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(text))
}

fn is_text(given: &Given) -> Result<(), ValidationError> {
    given.text().map(|_| ()).ok_or_else(|| verdict("token_required", "Token must be given"))
}

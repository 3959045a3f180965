//! Tokens on the wire: what whoever holds a session in a program gets instead of a cookie, and how it is renewed.

use std::convert::Infallible;

use actix_web::{HttpResponse, web::Data};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{access_token::AccessToken, refresh_token::RefreshToken, secret::Secret, session::Session},
    flows::{
        self, Services, SignedIn,
        refresh::{Presented, Refreshed},
    },
};

use super::{
    Site,
    client::CalledFrom,
    cookie::{self, SessionCookies},
    extract::JsonIfAny,
    fault::Fault,
    given::Given,
    problem::Problem,
    refusals::{OfAChange, OfJson, OfRefresh, Refusals},
    users::UserBody,
};

/// Somebody's tokens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokensBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user: Option<UserBody>,
    #[serde(flatten)]
    access: AccessBody,
    /// Left out where the session is held in a cookie.
    #[serde(flatten)]
    #[schema(value_type = MaybeRefreshTokenBody)]
    refresh: Option<RefreshTokenBody>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AccessBody {
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// In seconds.
    #[schema(example = 600)]
    expires_in: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefreshTokenBody {
    refresh_token: String,
    refresh_expires_in: i64,
}

/// Both or neither.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its description is used")]
struct MaybeRefreshTokenBody {
    #[schema(nullable = false)]
    refresh_token: Option<String>,
    /// In seconds, unless it is used before.
    #[schema(nullable = false, example = 1_209_600)]
    refresh_expires_in: Option<i64>,
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshBody {
    /// Left out where the session is held in a cookie.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false)]
    refresh_token: Given,
}

/// Renew tokens
///
/// The refresh token is used up, and its successor returned; whoever asks again within `PORTCULLIS_SESSION_GRACE`, 10 s, gets the same one.
/// A later use of it ends the session, and so does one of a token before that. With the session cookie it returns an access token, and a renewed cookie when that is due.
#[utoipa::path(
    post, path = "/api/users/refresh", tag = "users", security((), ("session" = [])), request_body = RefreshBody,
    responses(
        (status = 200, description = "New tokens", body = TokensBody),
        OfRefresh, OfAChange, OfJson, Refusals,
    )
)]
pub async fn refresh(
    services: Data<Services>,
    site: Data<Site>,
    CalledFrom(from): CalledFrom,
    cookies: SessionCookies,
    JsonIfAny(body): JsonIfAny<RefreshBody>,
) -> Result<HttpResponse, Problem> {
    let presented = presented(&body, &cookies)?;
    let Refreshed { user, session, successor } =
        flows::refresh::refresh(&services, &presented, &from).await?;
    let access = AccessBody::of(&services.mint::<Infallible>(&user, &session)?);
    let Some(successor) = successor else {
        return Ok(HttpResponse::Ok().json(TokensBody { user: None, access, refresh: None }));
    };
    if matches!(presented, Presented::Token(_)) {
        let refresh = Some(RefreshTokenBody::of(&session, successor, services.clock.now()));
        return Ok(HttpResponse::Ok().json(TokensBody { user: None, access, refresh }));
    }
    let mut answer = HttpResponse::Ok().json(TokensBody { user: None, access, refresh: None });
    cookie::set(&mut answer, &site.origin, &successor)?;
    Ok(answer)
}

fn presented(body: &RefreshBody, cookies: &SessionCookies) -> Result<Presented, Problem> {
    match (&body.refresh_token, cookies.only()) {
        (Given::Missing, Some(secret)) => Ok(Presented::Cookie(secret)),
        (Given::Text(token), None) => {
            let token = RefreshToken::parse(token).map_err(|_| Problem::SessionEnded)?;
            Ok(Presented::Token(token))
        }
        (Given::Missing, None) => Err(Problem::SessionEnded),
        (Given::Other, _) => Err(invalid_refresh_token()),
        (Given::Text(_), Some(_)) => Err(Problem::Contradiction),
    }
}

fn invalid_refresh_token() -> Problem {
    Problem::Invalid(vec![
        Fault::new("refresh_token_invalid", "The refresh token must be a string").at("refreshToken"),
    ])
}

impl TokensBody {
    /// For somebody who has just signed in or up.
    pub fn of(services: &Services, signed_in: SignedIn) -> Result<Self, Problem> {
        let SignedIn { user, session, secret, .. } = signed_in;
        let access = AccessBody::of(&services.mint::<Infallible>(&user, &session)?);
        let refresh = Some(RefreshTokenBody::of(&session, secret, services.clock.now()));
        Ok(Self { user: Some(UserBody::of(&user)), access, refresh })
    }
}

impl AccessBody {
    fn of(token: &AccessToken) -> Self {
        Self {
            access_token: token.reveal().to_owned(),
            token_type: "Bearer",
            expires_in: token.expires_in.as_secs(),
        }
    }
}

impl RefreshTokenBody {
    fn of(session: &Session, secret: Secret, now: Timestamp) -> Self {
        let token = RefreshToken { session: session.id, generation: session.generation, secret };
        let end = session.idle_expires_at.min(session.expires_at);
        let left = end.duration_since(now).max(SignedDuration::ZERO);
        Self { refresh_token: token.reveal(), refresh_expires_in: left.as_secs() }
    }
}

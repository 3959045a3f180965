//! Users on the wire: signing up, in and out, and who is signed in.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{CLEAR_SITE_DATA, HeaderValue},
    web::Data,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{event::Circumstances, id::UserId, refresh_token::RefreshToken, session::Mode, user::User},
    flows::{
        self, Arrival, Services, SignedIn, authenticate::authenticate, sign_in::SignIn, sign_up::SignUp,
    },
};

use super::{
    Site, bearer,
    caller::Presented,
    client::CalledFrom,
    cookie::{self, SessionCookies},
    credentials::{SignInBody, SignUpBody},
    extract::{Json, JsonIfReadable},
    given::Given,
    problem::Problem,
    refresh::TokensBody,
    refusals::{OfAChange, OfAQuestion, OfATry, OfCredentials, OfSignIn, OfSignOut, OfSignUp, Refusals},
};

/// A user, as everybody who may see them sees them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserBody {
    #[schema(value_type = String, format = Uuid)]
    id: UserId,
    #[schema(format = Email)]
    email: String,
    email_verified: bool,
    mfa_enabled: bool,
    roles: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Somebody who has just signed up or in, in the mode they asked for.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its description is used")]
pub enum SignedInBody {
    Cookie(UserBody),
    Token(TokensBody),
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentUserBody {
    /// `null` for whoever is not signed in.
    #[schema(required = true)]
    current_user: Option<UserBody>,
}

/// Of a program that has no access token left.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct SignOutBody {
    #[serde(default)]
    refresh_token: Given,
}

/// Nothing more to say.
#[derive(Serialize, ToSchema)]
pub struct Empty {}

/// Sign up
///
/// Makes an account and signs its owner in. Ends the session that a cookie brought along names.
#[utoipa::path(
    post, path = "/api/users/signup", tag = "users", request_body = SignUpBody,
    responses(
        (status = 201, description = "The new user, or their tokens", body = SignedInBody, headers(("set-cookie" = String, description = "The session cookie"))),
        (status = 202, description = "With `PORTCULLIS_SIGNUP_ANSWER` `neutral`, always: the rest is mailed", body = Empty),
        OfSignUp, OfATry, OfCredentials, OfAChange, Refusals,
    )
)]
pub async fn sign_up(
    request: HttpRequest,
    services: Data<Services>,
    site: Data<Site>,
    CalledFrom(from): CalledFrom,
    cookies: SessionCookies,
    Json(body): Json<SignUpBody>,
) -> Result<HttpResponse, Problem> {
    let (email, password, mode) = body.admit(services.rules.passwords)?;
    let wish = SignUp { email, password, arrival: arrival(&request, &site, from, &cookies, mode) };
    match flows::sign_up::sign_up(&services, wish).await? {
        Some(newcomer) => greet(HttpResponse::Created(), newcomer, &services, &site),
        None => Ok(HttpResponse::Accepted().json(Empty {})),
    }
}

/// Sign in
///
/// Opens a session, and ends the one that a cookie brought along names. An unknown address, a wrong password and a disabled account get the same answer.
#[utoipa::path(
    post, path = "/api/users/signin", tag = "users", request_body = SignInBody,
    responses(
        (status = 200, description = "The user, or their tokens", body = SignedInBody, headers(("set-cookie" = String, description = "The session cookie"))),
        OfSignIn, OfATry, OfCredentials, OfAChange, Refusals,
    )
)]
pub async fn sign_in(
    request: HttpRequest,
    services: Data<Services>,
    site: Data<Site>,
    CalledFrom(from): CalledFrom,
    cookies: SessionCookies,
    Json(body): Json<SignInBody>,
) -> Result<HttpResponse, Problem> {
    let (email, password, mode) = body.admit()?;
    let wish = Box::new(SignIn { email, password, arrival: arrival(&request, &site, from, &cookies, mode) });
    let signed_in = flows::sign_in::sign_in(&services, wish).await?;
    greet(HttpResponse::Ok(), signed_in, &services, &site)
}

/// Who is signed in
#[utoipa::path(
    get, path = "/api/users/currentuser", tag = "users", security((), ("session" = []), ("token" = [])),
    responses(
        (status = 200, description = "The caller, or null", body = CurrentUserBody),
        OfAQuestion, Refusals,
    )
)]
pub async fn current_user(services: Data<Services>, presented: Presented) -> Result<HttpResponse, Problem> {
    let found = authenticate(&services, &presented.0).await?;
    let current_user = found.map(|found| UserBody::of(&found.user));
    Ok(HttpResponse::Ok().json(CurrentUserBody { current_user }))
}

/// Sign out
///
/// Ends the session that the cookie, the access token or the refresh token stands for, and clears the cookie and what the browser
/// kept of this site. Answers the same where none of them stands for a session, or no more.
#[utoipa::path(
    post, path = "/api/users/signout", tag = "users", security((), ("session" = []), ("token" = [])),
    request_body(content = Option<Value>, description = "A program without an access token says `refreshToken`; anything else is ignored", example = json!({"refreshToken": "pcr_…"})),
    responses(
        (status = 200, description = "Signed out", body = Empty, headers(
            ("set-cookie" = String, description = "Clears the session cookie"),
            ("clear-site-data" = String, description = "Clears what the browser cached and stored of this site"),
        )),
        OfSignOut, OfAChange, Refusals,
    )
)]
pub async fn sign_out(
    request: HttpRequest,
    services: Data<Services>,
    site: Data<Site>,
    CalledFrom(from): CalledFrom,
    cookies: SessionCookies,
    JsonIfReadable(body): JsonIfReadable<SignOutBody>,
) -> Result<HttpResponse, Problem> {
    let access = bearer::token(request.headers()).ok().flatten();
    let refresh = body.refresh_token.text().and_then(|token| RefreshToken::parse(token).ok());
    let secrets: Vec<_> =
        cookies.all().into_iter().chain(refresh.map(|token| token.secret.digest())).collect();
    let ended = flows::sign_out::sign_out(&services, &secrets, access, &from).await.map_err(Problem::from);
    // Whatever the store says, this browser is done with the session.
    let mut answer = ended.map_or_else(HttpResponse::from_error, |()| HttpResponse::Ok().json(Empty {}));
    cookie::clear(&mut answer, &site.origin)?;
    // Not "cookies": that would take those of all other services of the domain.
    answer.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static(r#""cache", "storage""#));
    Ok(answer)
}

fn arrival(
    request: &HttpRequest,
    site: &Site,
    from: Circumstances,
    cookies: &SessionCookies,
    mode: Mode,
) -> Arrival {
    Arrival { mode, from, known: cookie::devices(request, &site.origin), replaces: cookies.all() }
}

fn greet(
    mut answer: HttpResponseBuilder,
    signed_in: SignedIn,
    services: &Services,
    site: &Site,
) -> Result<HttpResponse, Problem> {
    if signed_in.session.mode == Mode::Token {
        return Ok(answer.json(TokensBody::of(services, signed_in)?));
    }
    let mut answer = answer.json(UserBody::of(&signed_in.user));
    cookie::set(&mut answer, &site.origin, &signed_in.secret)?;
    cookie::set_devices(&mut answer, &site.origin, &signed_in.devices)?;
    Ok(answer)
}

impl UserBody {
    pub fn of(user: &User) -> Self {
        let attrs = user.attrs();
        Self {
            id: attrs.id,
            email: attrs.email.original().to_owned(),
            email_verified: attrs.email_verified_at.is_some(),
            // No second factor can be enrolled yet.
            mfa_enabled: false,
            roles: attrs.roles.iter().map(ToString::to_string).collect(),
            created_at: attrs.created_at,
            updated_at: attrs.updated_at,
        }
    }
}

//! The session cookie: the one place that reads, sets and clears it.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite},
    dev::Payload,
    web::Data,
};
use std::future::{Ready, ready};

use crate::domain::{
    origin::Origin,
    secret::{Secret, SecretDigest},
};

use super::{Site, problem::Problem};

/// The digest of the secret that the request's session cookie holds, if it holds one.
pub struct SessionCookie(pub Option<SecretDigest>);

impl FromRequest for SessionCookie {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let presented = request.app_data::<Data<Site>>().and_then(|site| presented(request, &site.origin));
        ready(Ok(Self(presented.and_then(|text| Secret::parse(&text).ok()).map(|secret| secret.digest()))))
    }
}

/// Whether the request brings a session cookie, good or bad.
pub fn is_present(request: &HttpRequest, origin: &Origin) -> bool {
    request.cookies().is_ok_and(|cookies| cookies.iter().any(|cookie| cookie.name() == name(origin)))
}

/// Two cookies of the name are a guess which is ours, and we do not guess.
fn presented(request: &HttpRequest, origin: &Origin) -> Option<String> {
    let cookies = request.cookies().ok()?;
    let mut ours = cookies.iter().filter(|cookie| cookie.name() == name(origin));
    match (ours.next(), ours.next()) {
        (Some(cookie), None) => Some(cookie.value().to_owned()),
        _ => None,
    }
}

/// Hands the secret to the browser, which forgets it when it closes; the store decides how long it is good for.
pub fn set(answer: &mut HttpResponse, origin: &Origin, secret: &Secret) -> Result<(), Problem> {
    put(answer, &build(origin, secret.reveal()))
}

pub fn clear(answer: &mut HttpResponse, origin: &Origin) -> Result<(), Problem> {
    let mut cookie = build(origin, String::new());
    cookie.make_removal();
    put(answer, &cookie)
}

fn put(answer: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<(), Problem> {
    answer.add_cookie(cookie).map_err(|error| Problem::Internal(error.into()))
}

fn build(origin: &Origin, value: String) -> Cookie<'static> {
    Cookie::build(name(origin), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(origin.is_secure())
        .finish()
}

/// The prefix makes browsers insist on `Secure`, on this host and on the whole path.
const fn name(origin: &Origin) -> &'static str {
    if origin.is_secure() { "__Host-session" } else { "session" }
}

//! Who is calling: what a request presents, and whom that makes of it.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web::Data,
};
use futures_util::future::LocalBoxFuture;

use crate::flows::{
    Services,
    authenticate::{Credentials, authenticate},
    memory::Remembered,
};

use super::{cookie::SessionCookies, problem::Problem};

/// What a request presents: the session cookie, an access token, or nothing.
pub struct Presented(pub Credentials);

/// Somebody who is signed in; whoever is not gets 401.
pub struct Caller(pub Arc<Remembered>);

impl FromRequest for Presented {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let cookies = SessionCookies::from_request(request, payload).into_inner();
        ready(cookies.and_then(|cookies| {
            let token = bearer(request.headers())?;
            Ok(Self(Credentials { secret: cookies.only(), token }))
        }))
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (presented, services) =
            (Presented::from_request(request, payload), request.app_data::<Data<Services>>().cloned());
        Box::pin(async move {
            let (Presented(credentials), Some(services)) = (presented.await?, services) else {
                return Err(Problem::Internal("there are no services".into()));
            };
            let found = authenticate(&services, &credentials).await?;
            found.map(Self).ok_or(Problem::NotSignedIn)
        })
    }
}

/// The token of the one `Authorization` header; several of them, or another scheme, is no way to say who one is.
pub fn bearer(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    const WRONG: Problem = Problem::Malformed("Authorization must be given once, as Bearer and a token");
    let mut values = headers.get_all(header::AUTHORIZATION);
    let Some(value) = values.next() else { return Ok(None) };
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(WRONG)?;
    let single = values.next().is_none() && !token.trim().is_empty();
    if !single || !scheme.eq_ignore_ascii_case("bearer") {
        return Err(WRONG);
    }
    Ok(Some(token.trim().to_owned()))
}

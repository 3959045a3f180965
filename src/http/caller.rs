//! Who is calling: what a request presents, and whom that makes of it.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use futures_util::future::LocalBoxFuture;

use crate::flows::{
    Failure, Services,
    admit_administrator::admit_administrator,
    authenticate::{Credentials, authenticate},
    memory::Remembered,
    verify::verify,
};

use super::{bearer, client::CalledFrom, cookie::SessionCookies, problem::Problem};

/// What a request presents: the session cookie, an access token, or nothing.
pub struct Presented(pub Credentials);

/// Somebody who is signed in; whoever is not gets 401, and is told what is wrong with their token.
pub struct Caller(pub Arc<Remembered>);

/// Somebody with an access token whose user has the role `admin`, now and not only when it was signed.
pub struct Administrator(pub Arc<Remembered>);

impl FromRequest for Administrator {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let from = CalledFrom::from_request(request, payload).into_inner();
        let token = bearer::token(request.headers()).map(|token| token.map(str::to_owned));
        let services = request.app_data::<Data<Services>>().cloned();
        Box::pin(async move {
            let services = services.ok_or_else(|| Problem::Internal("there are no services".into()))?;
            let token = token.map_err(|_| Problem::TokenInvalid)?.ok_or(Problem::NotSignedIn)?;
            Ok(Self(admit_administrator(&services, &token, &from?.0).await?))
        })
    }
}

impl FromRequest for Presented {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let cookies = SessionCookies::from_request(request, payload).into_inner();
        ready(cookies.and_then(|cookies| {
            let token = bearer::token_if_any(request.headers()).map_err(|_| Problem::TokenInvalid)?;
            Ok(Self(Credentials { secret: cookies.only(), token: token.map(str::to_owned) }))
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
            match authenticate(&services, &credentials).await? {
                Some(found) => Ok(Self(found)),
                None => Err(why_not(&services, &credentials).await),
            }
        })
    }
}

/// A program renews a token that has expired, and signs in where its session has ended.
async fn why_not(services: &Services, credentials: &Credentials) -> Problem {
    match (&credentials.token, credentials.secret) {
        (Some(token), None) => match verify(services, token).await {
            Err(Failure::Refused(refusal)) => refusal.into(),
            _ => Problem::NotSignedIn,
        },
        _ => Problem::NotSignedIn,
    }
}

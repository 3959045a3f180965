//! Who is calling: what a request presents, and whom that makes of it.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use futures_util::future::LocalBoxFuture;

use crate::flows::{
    Services,
    authenticate::{Credentials, authenticate},
    memory::Remembered,
};

use super::{bearer, cookie::SessionCookies, problem::Problem};

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
            let found = authenticate(&services, &credentials).await?;
            found.map(Self).ok_or(Problem::NotSignedIn)
        })
    }
}

//! Passwords on the wire: changing one, and choosing another where it was forgotten.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use crate::{
    domain::session::Mode,
    flows::{self, Services, change_password::ChangePassword, reset_password::ResetPassword},
};

use super::{
    Site,
    account_bodies::{ForgotBody, ResetBody},
    caller::Caller,
    client::CalledFrom,
    cookie,
    credentials::ChangePasswordBody,
    extract::Json,
    problem::Problem,
    refusals::{
        OfACaller, OfAChange, OfANewPassword, OfARace, OfAReset, OfATry, OfAnAddress, OfCredentials, Refusals,
    },
    users::Empty,
};

/// Change the password
///
/// Ends every other session; the one that asks goes on. The address is mailed a notice.
#[utoipa::path(
    put, path = "/api/users/password", tag = "users", security(("session" = []), ("token" = [])), request_body = ChangePasswordBody,
    responses(
        (status = 204, description = "It is changed", headers(("set-cookie" = String, description = "The device cookie, for a browser"))),
        OfANewPassword, OfACaller, OfATry, OfCredentials, OfAChange, Refusals,
    )
)]
pub async fn change(
    request: HttpRequest,
    services: Data<Services>,
    site: Data<Site>,
    CalledFrom(from): CalledFrom,
    caller: Caller,
    Json(body): Json<ChangePasswordBody>,
) -> Result<HttpResponse, Problem> {
    let (current, new) = body.admit()?;
    let wish = ChangePassword { current, new, from, known: cookie::devices(&request, &site.origin) };
    let devices = flows::change_password::change_password(&services, &caller.0, wish).await?;
    let mut answer = HttpResponse::NoContent().finish();
    if caller.0.session.mode == Mode::Cookie {
        cookie::set_devices(&mut answer, &site.origin, &devices)?;
    }
    Ok(answer)
}

/// Forgot the password
///
/// Mails a link to choose another one, if somebody has this address. The answer is the same, and takes the same time, if nobody has.
#[utoipa::path(
    post, path = "/api/users/password/forgot", tag = "users", request_body = ForgotBody,
    responses(
        (status = 202, description = "Whatever there is to do will be done", body = Empty),
        OfAnAddress, OfATry, OfCredentials, OfAChange, Refusals,
    )
)]
pub async fn forgot(
    services: Data<Services>,
    CalledFrom(from): CalledFrom,
    Json(body): Json<ForgotBody>,
) -> Result<HttpResponse, Problem> {
    flows::forgot_password::forgot_password(&services, &body.admit()?, &from).await?;
    Ok(HttpResponse::Accepted().json(Empty {}))
}

/// Reset the password
///
/// Takes the token of a mail, once. Ends all sessions and signs nobody in. It proves the address as well. The device cookie signs nobody
/// in either: it shows that a stranger's wrong passwords do not count for this browser.
#[utoipa::path(
    post, path = "/api/users/password/reset", tag = "users", request_body = ResetBody,
    responses(
        (status = 204, description = "It is changed; sign in with it", headers(("set-cookie" = String, description = "The device cookie"))),
        OfARace, OfAReset, OfATry, OfCredentials, OfAChange, Refusals,
    )
)]
pub async fn reset(
    request: HttpRequest,
    services: Data<Services>,
    site: Data<Site>,
    CalledFrom(from): CalledFrom,
    Json(body): Json<ResetBody>,
) -> Result<HttpResponse, Problem> {
    let (token, new) = body.admit()?;
    let wish = ResetPassword { token, new, from, known: cookie::devices(&request, &site.origin) };
    let devices = flows::reset_password::reset_password(&services, wish).await?;
    let mut answer = HttpResponse::NoContent().finish();
    cookie::set_devices(&mut answer, &site.origin, &devices)?;
    Ok(answer)
}

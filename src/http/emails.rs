//! Addresses on the wire: proving one, and changing it.

use actix_web::{HttpResponse, web::Data};

use crate::flows::{self, Services, change_email::ChangeEmail};

use super::{
    account_bodies::{ChangeEmailBody, TokenFromMailBody},
    caller::Caller,
    client::CalledFrom,
    extract::{Ignored, Json},
    problem::Problem,
    refusals::{
        OfACaller, OfAChange, OfANewAddress, OfARace, OfATry, OfAVerification, OfCredentials, OfEnding,
        Refusals,
    },
    users::Empty,
};

/// Ask for verification
///
/// Mails a link that proves the caller's address. Whoever has proved it already is mailed nothing, and whoever asks too often is told when to
/// come back.
#[utoipa::path(
    post, path = "/api/users/email/verification", tag = "users", security(("session" = []), ("token" = [])),
    responses(
        (status = 202, description = "It will be mailed", body = Empty),
        OfARace, OfACaller, OfATry, OfEnding, OfAChange, Refusals,
    )
)]
pub async fn ask(
    services: Data<Services>,
    caller: Caller,
    CalledFrom(from): CalledFrom,
    _: Ignored,
) -> Result<HttpResponse, Problem> {
    flows::ask_verification::ask_verification(&services, &caller.0, &from).await?;
    Ok(HttpResponse::Accepted().json(Empty {}))
}

/// Verify an address
///
/// Takes the token of a mail, once: of one that proves an address, that confirms a new one, or that brings back the old one. The
/// last ends all sessions and the password, and mails a link to choose another.
#[utoipa::path(
    post, path = "/api/users/email/verify", tag = "users", request_body = TokenFromMailBody,
    responses(
        (status = 204, description = "It is done"),
        OfARace, OfAVerification, OfATry, OfCredentials, OfAChange, Refusals,
    )
)]
pub async fn verify(
    services: Data<Services>,
    CalledFrom(from): CalledFrom,
    Json(body): Json<TokenFromMailBody>,
) -> Result<HttpResponse, Problem> {
    flows::verify_email::verify_email(&services, &body.admit()?, &from).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Change the address
///
/// Mails a link to the new address. Once that has been confirmed it is the caller's, and the old one is mailed a way back. Nobody learns
/// whether the new one is somebody's already.
#[utoipa::path(
    put, path = "/api/users/email", tag = "users", security(("session" = []), ("token" = [])), request_body = ChangeEmailBody,
    responses(
        (status = 202, description = "The new address will be asked", body = Empty),
        OfARace, OfANewAddress, OfACaller, OfATry, OfCredentials, OfAChange, Refusals,
    )
)]
pub async fn change(
    services: Data<Services>,
    caller: Caller,
    CalledFrom(from): CalledFrom,
    Json(body): Json<ChangeEmailBody>,
) -> Result<HttpResponse, Problem> {
    let (email, password) = body.admit()?;
    let wish = ChangeEmail { email, password, from };
    flows::change_email::change_email(&services, &caller.0, wish).await?;
    Ok(HttpResponse::Accepted().json(Empty {}))
}

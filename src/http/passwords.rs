//! Passwords on the wire: changing one.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use crate::flows::{self, Services, change_password::ChangePassword};

use super::{
    Site,
    caller::Caller,
    client,
    credentials::ChangePasswordBody,
    extract::Json,
    problem::Problem,
    refusals::{OfACaller, OfAChange, OfANewPassword, OfCredentials, Refusals},
};

/// Change the password
///
/// Ends every other session; the one that asks goes on.
#[utoipa::path(
    put, path = "/api/users/password", tag = "users", security(("session" = []), ("token" = [])), request_body = ChangePasswordBody,
    responses(
        (status = 204, description = "It is changed"),
        OfANewPassword, OfACaller, OfCredentials, OfAChange, Refusals,
    )
)]
pub async fn change(
    request: HttpRequest,
    services: Data<Services>,
    site: Data<Site>,
    caller: Caller,
    Json(body): Json<ChangePasswordBody>,
) -> Result<HttpResponse, Problem> {
    let (current, new) = body.admit()?;
    let wish = ChangePassword { current, new, from: client::device(&request, &site).network() };
    flows::change_password::change_password(&services, &caller.0, wish).await?;
    Ok(HttpResponse::NoContent().finish())
}

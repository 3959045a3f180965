//! The contract as a document: made from the handlers, committed, and compared by a test.

use actix_web::HttpResponse;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Server,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};

use super::{health, users};

#[derive(OpenApi)]
#[openapi(
    info(title = "Portcullis", description = "Signs people in, and keeps their sessions in SQLite or MongoDB."),
    paths(
        users::sign_up, users::sign_in, users::current_user, users::sign_out,
        health::livez, health::readyz, health::health,
    ),
    tags(
        (name = "users", description = "For browsers and programs, on the public listener"),
        (name = "internal", description = "For the cluster, on the internal listener"),
    ),
    modifiers(&Listeners),
)]
struct Contract;

/// Where the listeners are when nobody sets anything.
const PUBLIC: &str = "http://localhost:3000";
const INTERNAL: &str = "http://localhost:9000";

/// The document as it is committed in `docs/openapi.json`.
pub fn text() -> Result<String, serde_json::Error> {
    let mut text = Contract::openapi().to_pretty_json()?;
    text.push('\n');
    Ok(text)
}

/// The document as a value, for the page that shows it.
pub(super) fn contract() -> openapi::OpenApi {
    Contract::openapi()
}

pub(super) async fn document() -> HttpResponse {
    HttpResponse::Ok().json(Contract::openapi())
}

/// Says which listener serves what, and what a session cookie is.
struct Listeners;

impl Modify for Listeners {
    fn modify(&self, document: &mut openapi::OpenApi) {
        // None for the whole document: some programs know no other, and would ask one listener for what the other has.
        for (path, item) in &mut document.paths.paths {
            let listener = if path.starts_with("/api/") { PUBLIC } else { INTERNAL };
            item.servers = Some(vec![Server::new(listener)]);
        }
        if let Some(components) = &mut document.components {
            let cookie = ApiKeyValue::with_description(
                "__Host-session",
                "`session` where the origin is plain http on loopback",
            );
            components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        }
    }
}

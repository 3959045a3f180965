//! The contract as a document: made from the handlers, committed, and compared by a test.

use actix_web::HttpResponse;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Server,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{forward_auth, health, jwks, tokens, users};

#[derive(OpenApi)]
#[openapi(
    info(title = "Portcullis", description = "Signs people in and tells every other service who is calling."),
    paths(
        users::sign_up, users::sign_in, users::current_user, users::sign_out,
        jwks::key_set, tokens::verify_body, tokens::verify_header, tokens::introspect, tokens::whoami, tokens::health,
        forward_auth::forward_auth,
        health::livez, health::readyz, health::health,
    ),
    tags(
        (name = "users", description = "For browsers and programs, on the public listener"),
        (name = "tokens", description = "For services that want to know who is calling, on the internal listener; the keys are public"),
        (name = "internal", description = "For the cluster, on the internal listener"),
    ),
    modifiers(&Listeners),
)]
struct Contract;

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

/// Says which listener serves what, and what a session cookie and an access token are.
struct Listeners;

impl Modify for Listeners {
    fn modify(&self, document: &mut openapi::OpenApi) {
        document.servers = Some(vec![Server::new("http://localhost:3000")]);
        for (path, item) in &mut document.paths.paths {
            if !path.starts_with("/api/") && !path.starts_with("/.well-known/") {
                item.servers = Some(vec![Server::new("http://localhost:9000")]);
            }
        }
        if let Some(components) = &mut document.components {
            let cookie = ApiKeyValue::with_description(
                "__Host-session",
                "`session` where the origin is plain http on loopback",
            );
            components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
            components.add_security_scheme("token", SecurityScheme::Http(bearer));
        }
    }
}

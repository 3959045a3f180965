//! The contract as a document: made from the handlers, committed, and compared by a test.

use actix_web::{HttpResponse, http::header::ContentType};
use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Server,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{
    emails, events, forward_auth, health, jwks, me, metrics, passwords, refresh, sessions, tokens, users,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Portcullis", description = "Signs people in, and keeps their sessions in SQLite or MongoDB."),
    paths(
        users::sign_up, users::sign_in, users::current_user, users::sign_out, sessions::sign_out_all,
        refresh::refresh, sessions::list, sessions::end,
        passwords::change, passwords::forgot, passwords::reset, emails::ask, emails::verify, emails::change, events::own, me::export, me::leave,
        jwks::key_set, tokens::verify_body, tokens::verify_header, tokens::introspect, tokens::whoami, tokens::health,
        forward_auth::forward_auth, events::all,
        health::livez, health::readyz, health::health,
        metrics::metrics,
    ),
    tags(
        (name = "users", description = "For browsers and programs, on the public listener"),
        (name = "tokens", description = "For services that want to know who is calling, on the internal listener; the keys are public"),
        (name = "admin", description = "For administrators, on the internal listener"),
        (name = "internal", description = "For the cluster, on the internal listener"),
    ),
    modifiers(&Listeners),
)]
struct Contract;

/// Where the listeners are when nobody sets anything.
const PUBLIC: &str = "http://localhost:3000";
const INTERNAL: &str = "http://localhost:9000";

/// What is served, so that what makes it is no part of the service.
pub(super) const COMMITTED: &str = include_str!("../../docs/openapi.json");

/// The document as it is to be committed in `docs/openapi.json`.
pub fn text() -> Result<String, serde_json::Error> {
    let mut text = Contract::openapi().to_pretty_json()?;
    text.push('\n');
    Ok(text)
}

/// Of all that is described, as the document has it: made anew, it would have what makes it linked.
pub(super) fn paths() -> Vec<String> {
    let document: Value = serde_json::from_str(COMMITTED).unwrap_or_default();
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    paths.map(|(path, _)| path.clone()).collect()
}

/// Which listener serves it.
pub(super) fn is_public(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/.well-known/")
}

pub(super) async fn document() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(COMMITTED)
}

/// Says which listener serves what, and what a session cookie and an access token are.
struct Listeners;

impl Modify for Listeners {
    fn modify(&self, document: &mut openapi::OpenApi) {
        // None for the whole document: some programs know no other, and would ask one listener for what the other has.
        for (path, item) in &mut document.paths.paths {
            item.servers = Some(vec![Server::new(if is_public(path) { PUBLIC } else { INTERNAL })]);
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

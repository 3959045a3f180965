//! How the web reaches us: the routes of both listeners, readable top to bottom.

mod account_bodies;
mod adapter;
mod bearer;
mod caller;
pub mod client;
mod connection;
mod cookie;
mod credentials;
mod docs_page;
mod emails;
mod event_bodies;
mod event_query;
mod event_stream;
mod events;
mod extract;
mod fault;
mod forward_auth;
mod given;
mod headers;
mod health;
mod jwks;
mod me;
mod metrics;
mod middleware;
pub mod openapi;
mod outcome;
mod passwords;
mod places;
mod problem;
mod problem_body;
mod refresh;
mod refusals;
pub mod requests;
mod same_site;
mod see_through;
pub mod server;
mod sessions;
mod stream;
mod strict_json;
mod token_bodies;
mod tokens;
mod told;
mod turnstile;
mod users;

use std::sync::Arc;

use actix_web::{
    Handler, HttpResponse, Resource, Responder, guard,
    http::{
        Method,
        header::{self, HeaderValue},
    },
    middleware::from_fn,
    web::{self, ServiceConfig},
};

use crate::domain::{
    clock::{Clock, Entropy},
    id::RequestId,
    origin::Origin,
};

use client::TrustedProxies;
use problem::Problem;
use requests::{Listener, Requests};
use see_through::{Answer, SeenThrough};

/// What HTTP alone needs to know of where it serves.
pub struct Site {
    pub origin: Origin,
    pub trusted_proxies: TrustedProxies,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub requests: Requests,
}

impl Site {
    /// A name for a request that brought none.
    fn new_request_id(&self) -> String {
        let id = RequestId::new(self.clock.now(), &*self.entropy);
        id.map_or_else(|_| "unknown".to_owned(), |id| id.to_string())
    }

    /// An answer for where there is no request that could be named; the log has its name too.
    fn refuse_on_the_wire(&self, problem: &Problem) -> Vec<u8> {
        let id = self.new_request_id();
        if let Some(cause) = problem.source() {
            tracing::error!(request_id = %id, %cause, "connection failed");
        } else {
            tracing::debug!(request_id = %id, code = problem.code(), "connection refused");
        }
        problem.on_the_wire(&id, self.origin.is_secure())
    }
}

/// Whoever may get something may also ask for its head alone.
const GET: &[Method] = &[Method::GET, Method::HEAD];
const POST: &[Method] = &[Method::POST];
const PUT: &[Method] = &[Method::PUT];
const DELETE: &[Method] = &[Method::DELETE];

/// What the ingress routes.
pub fn public(routes: &mut ServiceConfig) {
    routes
        .app_data(Listener::Public)
        .service(
            web::scope("/api/users")
                .wrap(from_fn(same_site::same_site))
                .wrap(from_fn(health::only_when_open))
                .service(verb(POST, "/signup", users::sign_up).wrap(from_fn(turnstile::one_by_one)))
                .service(verb(POST, "/signin", users::sign_in).wrap(from_fn(turnstile::one_by_one)))
                .service(question(GET, "/currentuser", users::current_user))
                .service(verb(POST, "/signout", users::sign_out))
                .service(verb(POST, "/signout-all", sessions::sign_out_all))
                .service(verb(POST, "/refresh", refresh::refresh))
                .service(verb(PUT, "/password", passwords::change).wrap(from_fn(turnstile::one_by_one)))
                .service(
                    verb(POST, "/password/forgot", passwords::forgot).wrap(from_fn(turnstile::one_by_one)),
                )
                .service(verb(POST, "/password/reset", passwords::reset).wrap(from_fn(turnstile::one_by_one)))
                .service(verb(PUT, "/email", emails::change).wrap(from_fn(turnstile::one_by_one)))
                .service(verb(POST, "/email/verification", emails::ask))
                .service(verb(POST, "/email/verify", emails::verify))
                .service(question(GET, "/events", events::own))
                .service(question(GET, "/me/export", me::export))
                .service(verb(DELETE, "/me", me::leave).wrap(from_fn(turnstile::one_by_one)))
                .service(question(GET, "/sessions", sessions::list))
                .service(verb(DELETE, "/sessions/{id}", sessions::end)),
        )
        .service(question(GET, "/.well-known/jwks.json", jwks::key_set).wrap(from_fn(health::only_when_open)))
        .default_service(web::to(not_found));
}

/// What only the cluster reaches.
pub fn internal(routes: &mut ServiceConfig) {
    routes
        .app_data(Listener::Internal)
        .service(question(GET, "/livez", health::livez))
        .service(question(GET, "/readyz", health::readyz))
        .service(question(GET, "/health", health::health))
        .service(question(GET, "/metrics", metrics::metrics))
        .service(
            web::scope("/v1")
                .wrap(from_fn(health::only_when_open))
                .service(question(POST, "/token/verify", tokens::verify_body))
                .service(question(POST, "/token/verify-header", tokens::verify_header))
                .service(question(POST, "/introspect", tokens::introspect))
                .service(question(GET, "/whoami", tokens::whoami))
                .service(question(GET, "/token/health", tokens::health))
                // Whatever is below it, and any method.
                .service(web::scope("/forward-auth").default_service(web::to(forward_auth::forward_auth))),
        )
        .service(web::scope("/admin/v1").wrap(from_fn(health::only_when_open)).service(question(
            GET,
            "/events",
            events::all,
        )))
        .service(question(GET, "/openapi.json", openapi::document))
        .service(question(GET, "/docs", docs_page::page))
        .default_service(web::to(not_found));
}

/// A call that changes something: once it has begun, it is seen through.
fn verb<F, Args>(methods: &'static [Method], path: &str, handler: F) -> Resource
where
    F: Handler<Args, Output = Answer>,
    Args: actix_web::FromRequest + 'static,
{
    question(methods, path, SeenThrough(handler))
}

/// A call that only asks: whoever hangs up takes it along. Who comes with another method is told which there are.
fn question<F, Args>(methods: &'static [Method], path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let meant = guard::fn_guard(|request| methods.contains(&request.head().method));
    web::resource(path)
        .route(web::route().guard(meant).to(handler))
        .default_service(web::to(async || not_allowed(methods)))
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::NotFound)
}

fn not_allowed(allowed: &[Method]) -> Result<HttpResponse, Problem> {
    let allowed = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    let allowed = HeaderValue::try_from(allowed).map_err(|error| Problem::Internal(error.into()))?;
    let mut answer = HttpResponse::from_error(Problem::MethodNotAllowed);
    answer.headers_mut().insert(header::ALLOW, allowed);
    Ok(answer)
}

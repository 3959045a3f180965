//! Forward-auth: a proxy asks whether the request in its hands may pass, and what to tell what lies behind.
//!
//! It understands three answers and reads no body: anything else becomes one of them on its way out. A body that comes
//! along is never read, so its connection is not used again.

use actix_web::{
    HttpRequest, HttpResponse,
    dev::ServiceRequest,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    web::Data,
};

use crate::flows::{
    Services,
    authenticate::Credentials,
    decide::{Asked, GateRefusal, decide},
    who_am_i::Known,
};

use super::{
    Site,
    adapter::Adapter,
    bearer,
    cookie::{self, SessionCookies},
    problem::Problem,
    requests::Listener,
};

pub const PATH: &str = "/v1/forward-auth";

const USER: HeaderName = HeaderName::from_static("x-auth-request-user");
const EMAIL: HeaderName = HeaderName::from_static("x-auth-request-email");
const ROLES: HeaderName = HeaderName::from_static("x-auth-request-roles");
const SESSION: HeaderName = HeaderName::from_static("x-auth-request-session");
pub const REASON: HeaderName = HeaderName::from_static("x-auth-request-reason");

/// Forward-auth
///
/// Whether the request that a proxy holds may pass: any method, and any path below this one. `adapter` is `nic`, `ngf`,
/// `ingress-nginx`, `traefik` or `envoy` and says which headers describe that request; `rule` is configured, `signed-in`,
/// `mfa` or `role-<name>`. There is never another status than these, and never a body.
#[utoipa::path(
    get, path = "/v1/forward-auth/{adapter}/{rule}", tag = "internal", security(("session" = []), ("token" = [])),
    params(("adapter" = String, Path), ("rule" = String, Path)),
    responses(
        (status = 200, description = "It may pass", headers(
            ("x-auth-request-user" = String, description = "The user's id"),
            ("x-auth-request-email" = String, description = "The user's address; empty until it is verified"),
            ("x-auth-request-roles" = String, description = "The user's roles, separated by commas; may be empty"),
            ("x-auth-request-session" = String, description = "The session's id"),
            ("authorization" = String, description = "`Bearer` and an access token, for what lies behind"),
        )),
        (status = 401, description = "Sign in first", headers(
            ("x-auth-request-reason" = String, description = "`signed_out` or `sign_in_too_old`"),
        )),
        (status = 403, description = "It may not pass", headers(
            ("x-auth-request-reason" = String, description = "What is missing, or `unavailable`"),
        )),
    )
)]
pub async fn forward_auth(
    request: HttpRequest,
    services: Data<Services>,
    site: Data<Site>,
    cookies: SessionCookies,
) -> Result<HttpResponse, Problem> {
    let question = Question::of(&request)?;
    let original = question.adapter.original(&request, question.below);
    let credentials = presented(&request, &site, &cookies);
    let known = decide(&services, Asked { credentials, rule: question.rule, original }).await?;
    let mut answer = HttpResponse::Ok().finish();
    introduce(answer.headers_mut(), &known)?;
    Ok(answer)
}

/// The question's own path, taken apart as it came, because nobody else may decode what is below the rule.
struct Question<'r> {
    adapter: Adapter,
    rule: &'r str,
    below: &'r str,
}

impl<'r> Question<'r> {
    fn of(request: &'r HttpRequest) -> Result<Self, GateRefusal> {
        let named = request.uri().path().strip_prefix(PATH).and_then(|rest| rest.strip_prefix('/'));
        let (adapter, rest) =
            named.and_then(|named| named.split_once('/')).ok_or(GateRefusal::UnknownRule)?;
        let (rule, below) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
        Ok(Self { adapter: Adapter::parse(adapter).ok_or(GateRefusal::UnknownAdapter)?, rule, below })
    }
}

/// What cannot be read is never taken for nothing.
fn presented(
    request: &HttpRequest,
    site: &Site,
    cookies: &SessionCookies,
) -> Result<Credentials, GateRefusal> {
    let token = bearer::token(request.headers()).map_err(|_| GateRefusal::SignedOut)?.map(str::to_owned);
    let secret = cookies.only();
    if secret.is_none() && (token.is_none() || cookie::is_present(request, &site.origin)) {
        return Err(GateRefusal::SignedOut);
    }
    Ok(Credentials { secret, token })
}

/// All of them, always: a proxy copies them over whatever its client sent.
fn introduce(headers: &mut HeaderMap, known: &Known) -> Result<(), Problem> {
    let remembered = &known.verified.remembered;
    let (user, session) = (remembered.user.attrs(), &remembered.session);
    let roles: Vec<_> = user.roles.iter().map(ToString::to_string).collect();
    // Whoever signs up may type any address: one that nobody has verified identifies nobody.
    let email = user.email_verified_at.map(|_| user.email.original()).unwrap_or_default();
    for (name, value) in [
        (USER, user.id.to_string()),
        (EMAIL, email.to_owned()),
        (ROLES, roles.join(",")),
        (SESSION, session.id.to_string()),
        (header::AUTHORIZATION, format!("Bearer {}", known.token.reveal())),
    ] {
        let value = HeaderValue::from_bytes(value.as_bytes());
        headers.insert(name, value.map_err(|error| Problem::Internal(error.into()))?);
    }
    Ok(())
}

/// Whether a head that could not be read begins like one of these.
pub fn opens(head: &[u8]) -> bool {
    let target = head.split(|&b| b == b' ').nth(1).unwrap_or_default();
    target.strip_prefix(PATH.as_bytes()).is_some_and(|below| below.first() == Some(&b'/'))
}

/// Whether a request is one of these, and how it came.
#[derive(Clone, Copy)]
pub struct AtTheGate {
    brings_a_body: bool,
}

impl AtTheGate {
    /// `None` for any other request.
    pub fn see(request: &ServiceRequest) -> Option<Self> {
        let below = request.path().strip_prefix(PATH)?;
        request.app_data::<Listener>().filter(|listener| **listener == Listener::Internal)?;
        let headers = request.headers();
        let length = headers.get(header::CONTENT_LENGTH);
        let brings_a_body = length.is_some_and(|length| length != "0")
            || headers.contains_key(header::TRANSFER_ENCODING)
            || headers.contains_key(header::UPGRADE);
        (below.is_empty() || below.starts_with('/')).then_some(Self { brings_a_body })
    }

    pub const fn brings_a_body(self) -> bool {
        self.brings_a_body
    }

    /// Any problem in words that a proxy understands.
    pub fn translate(problem: &Problem) -> Problem {
        Problem::Gate(match problem {
            Problem::Gate(refusal) => *refusal,
            problem if problem.is_ours() => GateRefusal::Unavailable,
            _ => GateRefusal::Malformed,
        })
    }
}

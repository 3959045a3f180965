//! How things go wrong on the wire: the only place with status codes, and the one shape of every refusal.

use std::{borrow::Cow, fmt, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{fault::Fault, headers};

/// Why a request did not succeed.
#[derive(Debug)]
pub enum Problem {
    /// The body says something that cannot be; every fault of it is told.
    Invalid(Vec<Fault>),
    /// The body cannot be read at all.
    Malformed(&'static str),
    InvalidCredentials,
    TokenInvalid,
    TokenExpired,
    SessionEnded,
    CrossSite,
    NotFound,
    MethodNotAllowed,
    /// The request, or its body, did not arrive in time.
    TooSlow,
    BodyTooLarge,
    UriTooLong,
    HeadersTooLarge,
    UnsupportedMediaType,
    TooManyConnections,
    /// Somebody else changed the record first.
    Conflict,
    /// The hashing queue is full.
    Busy {
        retry_after: Duration,
    },
    /// For whoever decides where requests go.
    NotReady,
    /// The store has not been opened yet.
    NotOpen,
    StoreUnavailable(Source),
    OutcomeUnknown(Source),
    Internal(Source),
}

/// What really happened: for the log, never for the caller.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// What is fixed about a kind of problem.
struct Kind {
    status: StatusCode,
    /// Stable: the end of `type`, and the `code` where the problem has no faults of its own.
    code: &'static str,
    title: &'static str,
    message: &'static str,
}

/// The body of every answer that is neither 2xx nor 3xx.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody<'a> {
    /// Names the kind of problem; stable.
    #[schema(example = "urn:portcullis:problem:invalid_request")]
    r#type: String,
    #[schema(example = "Invalid request")]
    title: &'a str,
    #[schema(example = 400, minimum = 400, maximum = 599)]
    status: u16,
    /// Also the `x-request-id` header; the log has it too.
    request_id: &'a str,
    /// Never empty; all faults of a request are told at once.
    #[schema(min_items = 1)]
    errors: Cow<'a, [Fault]>,
}

impl Problem {
    fn kind(&self) -> Kind {
        let kind = |status, code, title, message| Kind { status, code, title, message };
        let unauthorized = |code, title, message| kind(StatusCode::UNAUTHORIZED, code, title, message);
        match self {
            Self::Invalid(_) => {
                kind(StatusCode::BAD_REQUEST, "invalid_request", "Invalid request", "The request is invalid")
            }
            Self::Malformed(why) => kind(StatusCode::BAD_REQUEST, "malformed", "Malformed request", why),
            Self::InvalidCredentials => kind(
                StatusCode::BAD_REQUEST,
                "invalid_credentials",
                "Invalid credentials",
                "Invalid credentials",
            ),
            Self::TokenInvalid => unauthorized("token_invalid", "Invalid token", "This is no token of ours"),
            Self::TokenExpired => unauthorized("token_expired", "Expired token", "The token has expired"),
            Self::SessionEnded => unauthorized("session_ended", "Session ended", "The session has ended"),
            Self::CrossSite => kind(
                StatusCode::FORBIDDEN,
                "cross_site",
                "Cross-site request",
                "A request with a session cookie must come from this site",
            ),
            Self::NotFound => kind(StatusCode::NOT_FOUND, "not_found", "Not found", "There is nothing here"),
            Self::MethodNotAllowed => kind(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "Method not allowed",
                "This cannot be done here; see the Allow header",
            ),
            Self::TooSlow => kind(
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "Request timeout",
                "The request did not arrive in time",
            ),
            Self::BodyTooLarge => kind(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "Body too large",
                "A body has at most 16 KiB",
            ),
            Self::UriTooLong => {
                kind(StatusCode::URI_TOO_LONG, "uri_too_long", "URI too long", "An address has at most 8 KiB")
            }
            Self::HeadersTooLarge => kind(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "headers_too_large",
                "Headers too large",
                "The headers are too many or too long",
            ),
            Self::UnsupportedMediaType => kind(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Unsupported media type",
                "Send JSON, or a form where one is asked for, and not compressed",
            ),
            Self::TooManyConnections => kind(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_connections",
                "Too many connections",
                "There are too many connections from your address",
            ),
            Self::Conflict => kind(
                StatusCode::CONFLICT,
                "conflict",
                "Conflict",
                "Somebody else changed this at the same time; try again",
            ),
            Self::Busy { .. } => kind(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Busy",
                "Too many people are signing in; try again in a moment",
            ),
            Self::NotReady => kind(
                StatusCode::SERVICE_UNAVAILABLE,
                "not_ready",
                "Not ready",
                "Send requests elsewhere for now; /health says why",
            ),
            Self::NotOpen | Self::StoreUnavailable(_) => kind(
                StatusCode::SERVICE_UNAVAILABLE,
                "store_unavailable",
                "Store unavailable",
                "This cannot be done at the moment; nothing has changed",
            ),
            Self::OutcomeUnknown(_) => kind(
                StatusCode::SERVICE_UNAVAILABLE,
                "outcome_unknown",
                "Outcome unknown",
                "Nobody can tell whether this was done; look before you repeat it",
            ),
            Self::Internal(_) => kind(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Internal error",
                "Something went wrong on our side",
            ),
        }
    }

    /// What an answer that was made without us must have meant.
    pub fn from_status(status: u16) -> Self {
        match status {
            404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            408 => Self::TooSlow,
            413 => Self::BodyTooLarge,
            414 => Self::UriTooLong,
            415 => Self::UnsupportedMediaType,
            431 => Self::HeadersTooLarge,
            400..500 => Self::Malformed("The request could not be understood"),
            _ => Self::Internal(format!("an answer of status {status}").into()),
        }
    }

    /// What the log should say of it, where it says anything.
    pub fn source(&self) -> Option<&Source> {
        match self {
            Self::StoreUnavailable(source) | Self::OutcomeUnknown(source) | Self::Internal(source) => {
                Some(source)
            }
            _ => None,
        }
    }

    pub fn code(&self) -> &'static str {
        self.kind().code
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Busy { retry_after } => Some(retry_after.as_secs().max(1)),
            Self::TooManyConnections
            | Self::NotReady
            | Self::NotOpen
            | Self::StoreUnavailable(_)
            | Self::OutcomeUnknown(_) => Some(1),
            _ => None,
        }
    }

    /// The answer as the caller gets it.
    pub fn answer(&self, request_id: &str) -> HttpResponse {
        let mut answer = HttpResponse::build(self.kind().status);
        if let Some(seconds) = self.retry_after() {
            answer.insert_header((header::RETRY_AFTER, seconds));
        }
        if self.kind().status == StatusCode::UNAUTHORIZED {
            // RFC 6750, for whoever presented a token and for whoever should have.
            answer.insert_header((header::WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#));
        }
        answer.content_type(Self::CONTENT_TYPE).body(self.body(request_id))
    }

    /// The same answer as bytes, for where there is no request to answer.
    pub fn on_the_wire(&self, request_id: &str, secure: bool) -> Vec<u8> {
        let (kind, body) = (self.kind(), self.body(request_id));
        let retry_after =
            self.retry_after().map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
        let always: String =
            headers::for_site(secure).flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        format!(
            "HTTP/1.1 {}\r\ncontent-type: {}\r\ncontent-length: {}\r\n{retry_after}{always}\
             x-request-id: {request_id}\r\nconnection: close\r\n\r\n{body}",
            kind.status,
            Self::CONTENT_TYPE,
            body.len(),
        )
        .into_bytes()
    }

    const CONTENT_TYPE: &str = "application/problem+json";

    fn body(&self, request_id: &str) -> String {
        let kind = self.kind();
        let errors = match self {
            Self::Invalid(faults) if !faults.is_empty() => Cow::Borrowed(faults.as_slice()),
            _ => Cow::Owned(vec![Fault::new(kind.code, kind.message)]),
        };
        let r#type = format!("urn:portcullis:problem:{}", kind.code);
        let body =
            ProblemBody { r#type, title: kind.title, status: kind.status.as_u16(), request_id, errors };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The request id is known to the middleware alone, which replaces this answer by one that has it.
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind().status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.kind().status)
    }
}

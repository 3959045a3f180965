//! How things go wrong on the wire: the only place with status codes, and the one shape of every refusal.

use std::{fmt, time::Duration};

use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError, http::StatusCode};

use crate::{domain::origin::Origin, flows::decide::GateRefusal};

use super::fault::Fault;

/// What stands in the figures where there was nobody left to answer; other servers count them so, too.
pub const HUNG_UP: u16 = 499;

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
    CrossSite {
        expected: Origin,
    },
    /// Two credentials, of two sessions.
    Contradiction,
    NotSignedIn,
    SessionEnded,
    /// For a proxy that asks whether a request may pass.
    Gate(GateRefusal),
    /// Signed in, and not as somebody who may.
    Forbidden,
    NotFound,
    MethodNotAllowed,
    /// The request, or its body, did not arrive in time.
    TooSlow,
    BodyTooLarge,
    UriTooLong,
    HeadersTooLarge,
    UnsupportedMediaType,
    TooManyConnections,
    /// Of the caller, or of everybody.
    TooManyStreams,
    /// Somebody else changed the record first.
    Conflict,
    /// Too many tries.
    Throttled {
        retry_after: Duration,
    },
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
pub(super) struct Kind {
    pub(super) status: StatusCode,
    /// Stable: the end of `type`, and the `code` where the problem has no faults of its own.
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) message: &'static str,
}

impl Problem {
    #[expect(clippy::too_many_lines, reason = "a table, and the only one")]
    pub(super) fn kind(&self) -> Kind {
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
            Self::NotSignedIn => unauthorized("not_signed_in", "Not signed in", "Sign in first"),
            Self::SessionEnded => {
                unauthorized("session_ended", "Session ended", "The session has ended; sign in again")
            }
            Self::Gate(refusal) if refusal.is_for_a_sign_in() => unauthorized(refusal.as_str(), "", ""),
            Self::Gate(refusal) => kind(StatusCode::FORBIDDEN, refusal.as_str(), "", ""),
            Self::CrossSite { .. } => kind(
                StatusCode::FORBIDDEN,
                "cross_site",
                "Cross-site request",
                "A request with a session cookie must come from this site",
            ),
            Self::Contradiction => kind(
                StatusCode::BAD_REQUEST,
                "credentials_differ",
                "Credentials differ",
                "Send either the session cookie or a token",
            ),
            Self::Forbidden => {
                kind(StatusCode::FORBIDDEN, "forbidden", "Forbidden", "This is for administrators")
            }
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
            Self::TooManyStreams => kind(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_streams",
                "Too many streams",
                "Too many follow events already",
            ),
            Self::Conflict => kind(
                StatusCode::CONFLICT,
                "conflict",
                "Conflict",
                "Somebody else changed this at the same time; try again",
            ),
            Self::Throttled { .. } => kind(
                StatusCode::TOO_MANY_REQUESTS,
                "throttled",
                "Throttled",
                "Too many tries; wait before the next one",
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

    /// For the log: the origin that a request should have come from.
    pub fn expected_origin(&self) -> Option<&str> {
        if let Self::CrossSite { expected } = self { Some(expected.as_str()) } else { None }
    }

    /// Whether the caller could not have done better.
    pub fn is_ours(&self) -> bool {
        self.kind().status.is_server_error()
    }

    pub fn code(&self) -> &'static str {
        self.kind().code
    }

    /// An answer that has a status and nothing else yet.
    pub(super) fn begin(&self) -> HttpResponseBuilder {
        HttpResponse::build(self.kind().status)
    }

    pub(super) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Busy { retry_after } => Some(retry_after.as_secs().max(1)),
            // Not a moment before.
            Self::Throttled { retry_after } => Some(retry_after.as_secs() + 1),
            Self::TooManyStreams => Some(5),
            Self::TooManyConnections
            | Self::NotReady
            | Self::NotOpen
            | Self::StoreUnavailable(_)
            | Self::OutcomeUnknown(_) => Some(1),
            _ => None,
        }
    }

    /// RFC 6750: whoever presented nothing is told of no error.
    pub(super) fn challenge(&self) -> Option<&'static str> {
        match self {
            Self::NotSignedIn | Self::Gate(GateRefusal::SignedOut | GateRefusal::SignInTooOld) => {
                Some("Bearer")
            }
            _ if self.kind().status == StatusCode::UNAUTHORIZED => Some(r#"Bearer error="invalid_token""#),
            _ => None,
        }
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

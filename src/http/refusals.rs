//! The refusals that any call may answer with, as the contract document lists them.

use utoipa::IntoResponses;

use super::problem_body::ProblemBody;

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum Refusals {
    /// What is asked cannot be: every fault is told
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemBody<'static>),
    /// `cross_site`: a request with a session cookie did not come from our own origin
    #[response(status = 403, content_type = "application/problem+json")]
    CrossSite(ProblemBody<'static>),
    /// The request did not arrive in time
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(ProblemBody<'static>),
    /// A body has at most 16 KiB
    #[response(status = 413, content_type = "application/problem+json")]
    BodyTooLarge(ProblemBody<'static>),
    /// A body is JSON
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(ProblemBody<'static>),
    /// `busy`, `store_unavailable` or `outcome_unknown`: come back after `Retry-After` seconds
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody<'static>),
    /// Anything else, in the same shape
    #[response(status = "default", content_type = "application/problem+json")]
    Other(ProblemBody<'static>),
}

/// The refusals of a call that is about a token.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum TokenRefusals {
    /// `token_invalid`, `token_expired` or `session_ended`
    #[response(status = 401, content_type = "application/problem+json")]
    Refused(ProblemBody<'static>),
}

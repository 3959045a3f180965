//! The refusals that calls may answer with, as the contract document lists them; a test provokes each code it names.

use utoipa::IntoResponses;

use super::problem_body::ProblemBody;

/// Of every call to users.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum Refusals {
    /// `request_timeout`: the request did not arrive in time
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(ProblemBody<'static>),
    /// Anything else, in the same shape
    #[response(status = "default", content_type = "application/problem+json")]
    Other(ProblemBody<'static>),
}

/// Of a call that only somebody who is signed in may make.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfACaller {
    /// `not_signed_in`; of an access token `token_expired`, `token_invalid` or `session_ended`
    #[response(status = 401, content_type = "application/problem+json")]
    SignedOut(ProblemBody<'static>),
}

/// Of a call that is for administrators.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfAnAdministrator {
    /// `forbidden`: the user has not the role `admin`
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody<'static>),
}

/// Of a call that tells events.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfEvents {
    /// Every fault is told: `limit_invalid`, `before_invalid`, `kind_invalid`, `user_invalid`, `moment_invalid`, `after_invalid`,
    /// `last_event_id_invalid`;
    /// `event_unknown`: the chain of events ends before the id that a stream is to go on from, so begin anew
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemBody<'static>),
}

/// Of a call that may go on for long.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfAStream {
    /// `too_many_streams`: eight of one user, 256 of all; come back after `Retry-After` seconds
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(ProblemBody<'static>),
    /// `store_unavailable`: come back after `Retry-After` seconds
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody<'static>),
}

/// Of a call that changes nothing.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfAQuestion {
    /// `store_unavailable`: come back after `Retry-After` seconds
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody<'static>),
}

/// Of a call that changes something.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfAChange {
    /// `cross_site`: a request with a session cookie did not come from our own origin
    #[response(status = 403, content_type = "application/problem+json")]
    CrossSite(ProblemBody<'static>),
    /// `body_too_large`: a body has at most 16 KiB
    #[response(status = 413, content_type = "application/problem+json")]
    BodyTooLarge(ProblemBody<'static>),
}

/// Of a call that can be tried too often.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfATry {
    /// `throttled`: too many tries; come back after `Retry-After` seconds
    #[response(status = 429, content_type = "application/problem+json")]
    Throttled(ProblemBody<'static>),
}

/// Of a call that hashes a password which came in a body.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfCredentials {
    /// `unsupported_media_type`: a body is JSON
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(ProblemBody<'static>),
    /// `busy`, `store_unavailable` or `outcome_unknown`: come back after `Retry-After` seconds
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody<'static>),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfSignUp {
    /// Every fault is told: `email_invalid`, `email_in_use`, `password_required`, `password_too_short`,
    /// `password_too_long`, `password_is_address`, `password_leaked`, `password_guessable`, `mode_invalid`; or `malformed`, where the body cannot be read
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemBody<'static>),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfSignIn {
    /// `invalid_credentials`; every fault of a body with which nobody could sign in: `email_invalid`,
    /// `password_required`, `password_too_long`, `mode_invalid`; or `malformed`, where the body cannot be read
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemBody<'static>),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfANewPassword {
    /// `invalid_credentials`: the present password is another one. Of the new one: `password_required`, `password_too_short`,
    /// `password_too_long`, `password_is_address`, `password_leaked`, `password_guessable`, `password_reused`; or `malformed`
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemBody<'static>),
    /// `conflict`: another call of the same session changed it meanwhile
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemBody<'static>),
}

/// Of a call that writes to an account which others may write to.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfARace {
    /// `conflict`: somebody else changed the account at the same time; try again
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemBody<'static>),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfAnAddress {
    /// `email_invalid`; or `malformed`, where the body cannot be read
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemBody<'static>),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfAReset {
    /// `token_invalid`: used, expired, or never sent. Of the new password: `password_required`, `password_too_short`,
    /// `password_too_long`, `password_is_address`, `password_leaked`, `password_guessable`, `password_reused`; or `malformed`
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemBody<'static>),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfAVerification {
    /// `token_invalid`: used, expired, or never sent; `email_in_use`: somebody else was quicker; or `malformed`
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemBody<'static>),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfANewAddress {
    /// `invalid_credentials`: the password is another one; `email_invalid`, `password_required`, `password_too_long`; or `malformed`
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemBody<'static>),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfAPassword {
    /// `invalid_credentials`: the password is another one; `password_required`, `password_too_long`; or `malformed`
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemBody<'static>),
}

/// Of a call that may bring a body.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfJson {
    /// `unsupported_media_type`: a body is JSON
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(ProblemBody<'static>),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfRefresh {
    /// `refresh_token_invalid`: it is no string; `credentials_differ`: it came with a cookie; or `malformed`
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemBody<'static>),
    /// `session_ended`
    #[response(status = 401, content_type = "application/problem+json")]
    Ended(ProblemBody<'static>),
    /// `store_unavailable` or `outcome_unknown`: come back after `Retry-After` seconds with the same
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody<'static>),
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfSignOut {
    /// `malformed`: the body, which nobody asked for, broke off
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemBody<'static>),
    /// `store_unavailable` or `outcome_unknown`: come back after `Retry-After` seconds; the cookie is cleared all the same
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody<'static>),
}

/// Of a call that ends sessions other than the one that a cookie names.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum OfEnding {
    /// `malformed`: the body cannot be read, or broke off
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemBody<'static>),
    /// `store_unavailable` or `outcome_unknown`: come back after `Retry-After` seconds
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody<'static>),
}

/// The refusals of a call that is about a token.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum TokenRefusals {
    /// `token_invalid`, `token_expired` or `session_ended`; `not_signed_in` where there is nothing to look at
    #[response(status = 401, content_type = "application/problem+json")]
    Refused(ProblemBody<'static>),
}

//! The one shape of every refusal, on the wire.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::fault::Fault;

/// The body of every answer that is neither 2xx nor 3xx.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody<'a> {
    /// Names the kind of problem; stable.
    #[schema(example = "urn:portcullis:problem:invalid_request")]
    pub r#type: String,
    #[schema(example = "Invalid request")]
    pub title: &'a str,
    #[schema(example = 400, minimum = 400, maximum = 599)]
    pub status: u16,
    /// Also the `x-request-id` header; the log has it too.
    pub request_id: &'a str,
    /// Never empty; all faults of a request are told at once.
    #[schema(min_items = 1)]
    pub errors: Cow<'a, [Fault]>,
}

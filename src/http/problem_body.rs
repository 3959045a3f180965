//! The one shape of every refusal, on the wire.

use std::borrow::Cow;

use actix_web::{HttpResponse, http::header};
use serde::Serialize;
use utoipa::ToSchema;

use super::{fault::Fault, forward_auth, headers, problem::Problem};

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

impl Problem {
    /// The answer as the caller gets it.
    pub fn answer(&self, request_id: &str) -> HttpResponse {
        let mut answer = self.begin();
        if let Some(seconds) = self.retry_after() {
            answer.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(challenge) = self.challenge() {
            answer.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if let Self::Gate(refusal) = self {
            return answer.insert_header((forward_auth::REASON, refusal.as_str())).finish();
        }
        answer.content_type(Self::CONTENT_TYPE).body(self.body(request_id))
    }

    /// The same answer as bytes, for where there is no request to answer.
    pub fn on_the_wire(&self, request_id: &str, secure: bool) -> Vec<u8> {
        let (kind, body) = (self.kind(), self.body(request_id));
        let retry_after =
            self.retry_after().map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
        let described = match self {
            Self::Gate(refusal) => format!("{}: {}", forward_auth::REASON, refusal.as_str()),
            _ => format!("content-type: {}", Self::CONTENT_TYPE),
        };
        let always: String =
            headers::for_site(secure).flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        format!(
            "HTTP/1.1 {}\r\n{described}\r\ncontent-length: {}\r\n{retry_after}{always}\
             x-request-id: {request_id}\r\nconnection: close\r\n\r\n{body}",
            kind.status,
            body.len(),
        )
        .into_bytes()
    }

    const CONTENT_TYPE: &str = "application/problem+json";

    fn body(&self, request_id: &str) -> String {
        if let Self::Gate(_) = self {
            return String::new();
        }
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

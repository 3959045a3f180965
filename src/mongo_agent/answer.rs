//! What the agent answers over HTTP, and the only place of it with status codes.

use actix_web::HttpResponse;
use serde_json::json;

use super::{
    board::NotReady,
    step_down::{NotStepped, Stepped},
};

const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// For probes, which look at the status, and for people, who read the rest.
pub(super) fn well(is: Result<(), NotReady>) -> HttpResponse {
    match is {
        Ok(()) => HttpResponse::Ok().json(json!({ "ok": true })),
        Err(reason) => {
            HttpResponse::ServiceUnavailable().json(json!({ "ok": false, "reason": reason.to_string() }))
        }
    }
}

pub(super) fn metrics(text: String) -> HttpResponse {
    HttpResponse::Ok().content_type(METRICS).body(text)
}

pub(super) fn stepped(outcome: Result<Stepped, NotStepped>) -> HttpResponse {
    match outcome {
        Ok(Stepped::To(primary)) => HttpResponse::Ok().json(json!({ "ok": true, "primary": primary })),
        Ok(Stepped::Alone) => {
            HttpResponse::Ok().json(json!({ "ok": true, "reason": "there is no other member" }))
        }
        Ok(Stepped::NoMember) => {
            HttpResponse::Ok().json(json!({ "ok": true, "reason": "mongod is in no set" }))
        }
        Err(reason) => {
            HttpResponse::ServiceUnavailable().json(json!({ "ok": false, "reason": reason.to_string() }))
        }
    }
}

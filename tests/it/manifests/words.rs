//! Words that mean something to the service: its variables, its paths, and what may not stand in a manifest.

use std::collections::BTreeSet;

use portcullis::config::{AGENT_VARIABLES, VARIABLES};

use super::{of_each, rendered::all};
use crate::support::{service::Service, wire};

/// Each word that begins so, as long as it goes on.
fn words<'a>(text: &'a str, start: &str, goes_on: impl Fn(char) -> bool + Copy) -> BTreeSet<&'a str> {
    let at = text.match_indices(start).map(|(at, _)| at);
    at.map(|at| text[at..].split(|c: char| !goes_on(c)).next().unwrap()).collect()
}

#[test]
fn every_variable_exists() {
    of_each(|rendered, wrong| {
        for word in
            words(&rendered.text, "PORTCULLIS_", |c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        {
            let known = VARIABLES.iter().chain(AGENT_VARIABLES).any(|variable| {
                word == variable.name || variable.file_name().is_some_and(|file_name| word == file_name)
            });
            if !known {
                wrong.push(format!("nobody reads {word}"));
            }
        }
    });
}

#[test]
fn promise_5_no_secret_stands_in_a_manifest() {
    of_each(|rendered, wrong| {
        let for_development = rendered.name.starts_with("dev-");
        for secret in rendered.of::<serde_json::Value>("Secret") {
            if !for_development {
                wrong.push(format!("it makes the Secret {}", secret["metadata"]["name"]));
            }
        }
        for sign in ["BEGIN PRIVATE KEY", "BEGIN EC PRIVATE", "AGE-SECRET-KEY"] {
            if rendered.text.contains(sign) && !for_development {
                wrong.push(format!("{sign} stands in it"));
            }
        }
    });
}

/// A path that nobody answers would be a door that never opens.
#[tokio::test]
async fn every_forward_auth_path_is_one_that_the_service_knows() {
    let Some(all) = all() else { return };
    let service = Service::start().await;
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    let paths: BTreeSet<&str> =
        all.iter().flat_map(|rendered| words(&rendered.text, "/v1/forward-auth/", goes_on)).collect();
    assert!(paths.len() >= 3, "{paths:?}");
    for path in paths {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nMethod: GET\r\nPath: /\r\nX-Original-Method: GET\r\nX-Original-URL: http://x/\r\n\r\n"
        );
        let answer = wire::send(service.internal, request.as_bytes()).await;
        assert_eq!(
            (answer.status, answer.header("x-auth-request-reason")),
            (401, Some("signed_out")),
            "{path}"
        );
    }
}

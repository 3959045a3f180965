//! The trace that a request belongs to: continued for whom we trust, begun for everybody else, and named on every line.

use std::net::SocketAddr;

use reqwest::Client;
use serde_json::{Value, json};

use crate::support::{
    browser::{Answer, PASSWORD},
    folder::Folder,
    process::Process,
    service::ORIGIN,
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// Signs somebody up as a part of that trace.
async fn sign_up(public: SocketAddr, email: &str, traceparent: &str) -> Answer {
    let request = Client::new()
        .post(format!("http://{public}/api/users/signup"))
        .header("origin", ORIGIN)
        .header("traceparent", traceparent)
        .json(&json!({ "email": email, "password": PASSWORD }));
    Answer::read(request).await.unwrap()
}

fn started(trusted: &str) -> (Folder, Process) {
    let folder = Folder::new();
    let settings = [("PORTCULLIS_LOG_LEVEL", "debug"), ("PORTCULLIS_TRUSTED_PROXIES", trusted)];
    let process = Process::start(&folder, &settings);
    (folder, process)
}

/// The line that the request is told in.
fn line_of(process: &mut Process, answer: &Answer) -> Value {
    let id = answer.header("x-request-id").unwrap().to_owned();
    let line = process.hears(|line| line.contains("request answered") && line.contains(&id));
    serde_json::from_str(&line).unwrap()
}

#[tokio::test]
async fn the_line_of_a_request_has_the_trace_that_a_trusted_proxy_named() {
    let (_folder, mut process) = started("127.0.0.0/8");
    let public = process.ready().public;
    let answer = sign_up(public, "ada@example.org", &format!("00-{TRACE}-b7ad6b7169203331-00")).await;
    let line = line_of(&mut process, &answer);
    let told = json!({
        "level": "DEBUG", "message": "request answered", "request_id": answer.header("x-request-id"), "trace_id": TRACE,
        "listener": "public", "method": "POST", "route": "/api/users/signup", "status": 201,
    });
    for (name, value) in told.as_object().unwrap() {
        assert_eq!(line[name], *value, "{line}");
    }
    let names: Vec<_> = line.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), told.as_object().unwrap().len() + 2, "and timestamp and took_ms: {names:?}");
    line["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(answer.header("traceparent").is_none());
}

#[tokio::test]
async fn what_a_stranger_says_and_what_is_no_trace_begin_a_new_one() {
    let said = format!("00-{TRACE}-b7ad6b7169203331-01");
    let mut new = Vec::new();
    for (trusted, said) in [("", said.as_str()), ("127.0.0.0/8", "00-nonsense-01")] {
        let (_folder, mut process) = started(trusted);
        let public = process.ready().public;
        let answer = sign_up(public, "ada@example.org", said).await;
        let trace = line_of(&mut process, &answer)["trace_id"].as_str().unwrap().to_owned();
        assert!(trace.len() == 32 && trace != TRACE, "{trace}");
        new.push(trace);
    }
    assert_ne!(new[0], new[1]);
}

#[tokio::test]
async fn what_a_client_writes_into_a_path_or_a_method_is_in_no_line() {
    let (_folder, mut process) = started("");
    let public = process.ready().public;
    let method = reqwest::Method::from_bytes(b"HUNTER2").unwrap();
    let request = Client::new().request(method, format!("http://{public}/hunter2/ada@example.org?hunter2"));
    let answer = Answer::read(request).await.unwrap();
    assert_eq!(answer.status, 404);
    let line = line_of(&mut process, &answer);
    assert_eq!((&line["method"], &line["route"]), (&json!("_OTHER"), &Value::Null), "{line}");
    assert!(
        process.said.iter().all(|line| !line.to_lowercase().contains("hunter2") && !line.contains("ada@"))
    );
}

#[tokio::test]
async fn as_text_the_ids_stand_before_the_message() {
    let folder = Folder::new();
    let settings = [("PORTCULLIS_LOG_LEVEL", "debug"), ("PORTCULLIS_LOG_FORMAT", "text")];
    let mut process = Process::start(&folder, &settings);
    let public = process.ready().public;
    let answer = sign_up(public, "ada@example.org", "").await;
    let id = answer.header("x-request-id").unwrap();
    let line = process.hears(|line| line.contains("request answered"));
    assert!(line.contains(&format!("request{{request_id={id} trace_id=")), "{line}");
    assert!(!line.contains("otel") && !line.contains("http.route"), "{line}");
}

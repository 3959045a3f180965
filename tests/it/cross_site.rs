//! A cookie alone does not change anything: the request must come from our own origin.

use serde_json::{Value, json};

use crate::support::{
    browser::{Browser, PASSWORD},
    folder::Folder,
    process::Process,
    service::Service,
    wire,
};

#[tokio::test]
async fn n_28_asvs_3_5_1_a_cookie_from_a_foreign_origin_changes_nothing() {
    let service = Service::start().await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;

    for origin in ["https://evil.example", "null", "http://localhost:3001", "https://localhost:3000"] {
        let mut lured = ada.clone();
        lured.origin = origin.to_owned();
        let answer = lured.sign_out().await;
        assert_eq!((answer.status, answer.codes()), (403, vec!["cross_site".to_owned()]), "{origin}");
        assert!(answer.set_cookie().is_none());
        assert_eq!(lured.sign_in("ada@example.org", PASSWORD).await.codes(), ["cross_site"]);
    }
    assert!(ada.current_user().await.is_some(), "still signed in");
    assert_eq!(ada.sign_out().await.status, 200);
}

#[tokio::test]
async fn a_cookie_without_an_origin_changes_nothing_and_may_read() {
    let service = Service::start().await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    let cookie = ada.cookie.clone().unwrap();
    let sign_out = |extra: &str| {
        format!(
            "POST /api/users/signout HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n{extra}Content-Length: 0\r\n\r\n"
        )
    };

    assert_eq!(wire::send(service.public, sign_out("").as_bytes()).await.codes(), ["cross_site"]);
    let read = format!("GET /api/users/currentuser HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");
    assert!(wire::send(service.public, read.as_bytes()).await.body.contains("ada@example.org"));
    assert_eq!(
        wire::send(service.public, sign_out("Sec-Fetch-Site: same-origin\r\n").as_bytes()).await.status,
        200
    );
}

#[tokio::test]
async fn the_log_says_from_where_the_request_should_have_come() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[("PORTCULLIS_LOG_LEVEL", "debug")]);
    let mut ada = Browser::to(process.ready().public);
    ada.sign_up("ada@example.org").await;
    ada.origin = "http://127.0.0.1:3000".to_owned();
    assert_eq!(ada.sign_out().await.codes(), ["cross_site"]);
    let line = process.hears(|line| line.contains("\"cross_site\""));
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["expected_origin"], "http://localhost:3000", "{line}");
    assert!(line["took_ms"].is_number(), "{line}");
}

#[tokio::test]
async fn without_a_cookie_a_program_needs_no_origin() {
    let service = Service::start().await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD}).to_string();
    assert_eq!(
        wire::send(service.public, &wire::post("/api/users/signup", body.as_bytes())).await.status,
        201
    );
}

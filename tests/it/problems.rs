//! The one shape of every refusal, from whatever depth it comes.

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{
    browser::{Browser, PASSWORD},
    service::Service,
    wire,
};

#[tokio::test]
async fn promise_4_every_refusal_has_the_one_shape_at_whatever_depth() {
    let service = Service::start().await;
    let long_line = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(9 * 1024));
    let many_headers = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-A: b\r\n".repeat(97));
    let long_headers = format!("GET / HTTP/1.1\r\nHost: x\r\nX-A: {}\r\n\r\n", "b".repeat(40 * 1024));
    let whole_head = format!("GET / HTTP/1.1\r\nHost: x\r\nX-A: {}\r\n\r\n", "b".repeat(200 * 1024));
    let form = "POST /api/users/signup HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b";
    let cases: [(&[u8], u16, &str); 12] = [
        (b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not_found"),
        (b"GET /api/users/nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not_found"),
        (b"GET /api/users/signup HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_allowed"),
        (b"DELETE /api/users/currentuser HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_allowed"),
        (b"NONSENSE\r\n\r\n", 400, "malformed"),
        (
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "malformed",
        ),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n", 400, "malformed"),
        (form.as_bytes(), 415, "unsupported_media_type"),
        (long_line.as_bytes(), 414, "uri_too_long"),
        (many_headers.as_bytes(), 431, "headers_too_large"),
        (long_headers.as_bytes(), 431, "headers_too_large"),
        (whole_head.as_bytes(), 431, "headers_too_large"),
    ];
    for (bytes, status, code) in cases {
        let raw = wire::send(service.public, bytes).await;
        let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]);
        assert_eq!((raw.status, raw.codes()), (status, vec![code.to_owned()]), "{begin}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(raw.header(name), Some(value), "{begin}");
        }
    }
}

#[tokio::test]
async fn asvs_3_4_8_the_page_for_people_is_cut_off_from_other_sites() {
    let service = Service::start().await;
    let page = Browser::to(service.internal).get("/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ] {
        assert_eq!(page.header(name), Some(value));
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let service = Service::start().await;
    let raw = wire::send(service.public, b"PUT /api/users/signin HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!((raw.status, raw.header("allow")), (405, Some("post")));
    let raw = wire::send(service.public, b"PUT /api/users/currentuser HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!((raw.status, raw.header("allow")), (405, Some("get, head")));
}

#[tokio::test]
async fn the_internal_listener_is_another_socket_and_not_a_path() {
    let service = Service::start().await;
    let (mut outside, mut inside) = (Browser::to(service.public), Browser::to(service.internal));
    for path in [
        "/livez",
        "/readyz",
        "/health",
        "/docs",
        "/openapi.json",
        "/metrics",
        "/v1/token/verify",
        "/admin/v1/users",
    ] {
        assert_eq!(outside.get(path).await.codes(), ["not_found"], "{path}");
    }
    assert_eq!(inside.get("/api/users/currentuser").await.codes(), ["not_found"]);
    let answer =
        inside.post("/api/users/signup", json!({"email": "ada@example.org", "password": PASSWORD})).await;
    assert_eq!(answer.codes(), ["not_found"]);
}

#[tokio::test]
async fn a_request_id_is_taken_from_a_trusted_proxy_and_from_nobody_else() {
    let store = crate::support::stores::sqlite();
    let open = Service::start().await;
    let trusting = Service::with(store, &[("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let request = b"GET /nowhere HTTP/1.1\r\nHost: x\r\nX-Request-Id: 0af7651916cd43dd\r\n\r\n";
    assert_ne!(wire::send(open.public, request).await.header("x-request-id"), Some("0af7651916cd43dd"));
    assert_eq!(wire::send(trusting.public, request).await.header("x-request-id"), Some("0af7651916cd43dd"));
}

#[tokio::test]
async fn one_refusal_s_words_never_reach_another() {
    // errors are values of their request, not of the process.
    let service = Service::start().await;
    let ask = |email: String| {
        let mut browser = Browser::at(&service);
        async move { browser.post("/api/users/signup", json!({"email": email, "password": PASSWORD})).await }
    };
    let answers = futures_util::future::join_all((0..40).map(|n| ask(format!("not-an-address-{n}")))).await;
    let ids: std::collections::HashSet<_> =
        answers.iter().map(|answer| answer.json()["requestId"].to_string()).collect();
    assert_eq!(ids.len(), 40);
    assert!(answers.iter().all(|answer| !answer.text.contains("not-an-address")), "nothing typed is echoed");
}

#[tokio::test]
async fn f_46_what_follows_a_refusal_is_not_taken_for_the_answer_to_something_else() {
    let service = Service::start().await;
    let mut socket = TcpStream::connect(service.public).await.unwrap();
    let head = b"POST /api/users/signup HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
    socket.write_all(head).await.unwrap();
    let raw = wire::receive(&mut socket).await.unwrap();
    assert_eq!(raw.codes(), ["unsupported_media_type"]);
    // The body comes when nobody wants it any more.
    let _ = socket.write_all(b"5\r\nhello\r\n0\r\n\r\n").await;
    let mut rest = Vec::new();
    let _ =
        timeout(Duration::from_secs(8), socket.read_to_end(&mut rest)).await.expect("the service hangs up");
    assert_eq!(String::from_utf8_lossy(&rest), "", "one request, one answer");
}

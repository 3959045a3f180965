//! Requests that are too large, in every part that can be.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use portcullis::store::Store;
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{on, refused, unharmed};
use crate::support::{
    browser::Browser,
    service::Service,
    stores::on_both_stores,
    wire::{post, receive, send},
};

on_both_stores!(
    f_25_what_is_too_large_is_refused_before_it_is_parsed,
    f_33_c_04_a_password_beyond_the_cap_is_refused_before_it_is_hashed,
);

async fn f_25_what_is_too_large_is_refused_before_it_is_parsed(store: Arc<dyn Store>) {
    let service = on(store).await;
    let body = |length: usize| {
        let body =
            json!({"email": "mallory@example.org", "password": "correct horse battery", "x": ""}).to_string();
        body.replace(r#""x":"""#, &format!(r#""x":"{}""#, "x".repeat(length - body.len()))).into_bytes()
    };
    let exact = String::from_utf8(body(16 * 1024)).unwrap().replace("mallory", "exact");
    assert_eq!(
        send(service.public, &post("/api/users/signup", exact[..].trim_end().as_bytes())).await.status,
        201
    );
    for length in [16 * 1024 + 1, 2 << 20] {
        refused(&send(service.public, &post("/api/users/signup", &body(length))).await, 413, "a large body");
    }
    refused(&endless(&service).await, 413, "a body without end");
    for announced in ["17179869184", "18446744073709551615"] {
        let head = format!(
            "POST /api/users/signup HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {announced}\r\n\r\n"
        );
        refused(&send(service.public, head.as_bytes()).await, 413, announced);
    }
    let parameters =
        format!("GET /api/users/currentuser?{} HTTP/1.1\r\nHost: x\r\n\r\n", "a=b&".repeat(3_000));
    refused(&send(service.public, parameters.as_bytes()).await, 414, "parameters");
    let cookie = format!(
        "GET /api/users/currentuser HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n",
        "a=b; ".repeat(10_000)
    );
    refused(&send(service.public, cookie.as_bytes()).await, 431, "cookies");
    unharmed(&service, &["mallory@example.org"]).await;
}

/// Chunks up to a gibibyte, or until the service has heard enough.
async fn endless(service: &Service) -> crate::support::wire::Raw {
    let mut socket = TcpStream::connect(service.public).await.unwrap();
    let head = b"POST /api/users/signup HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    socket.write_all(head).await.unwrap();
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let mut sent = 0;
    while sent < 1 << 30 && socket.write_all(chunk.as_bytes()).await.is_ok() {
        sent += chunk.len();
        if sent > 64 * 1024 {
            break;
        }
    }
    receive(&mut socket).await.expect("an answer")
}

async fn f_33_c_04_a_password_beyond_the_cap_is_refused_before_it_is_hashed(store: Arc<dyn Store>) {
    let service = on(store).await;
    let mut anybody = Browser::at(&service);
    for (length, accepted) in [(65, true), (1_024, true), (1_025, false), (4_096, false), (15_000, false)] {
        let address = format!("length-{length}@example.org");
        // In an order that nobody guesses.
        let letter = |n: usize| char::from(0xe0 + u8::try_from((n * n * 7 + n * 3) % 23).unwrap());
        let password: String = (0..length.min(7_500)).map(letter).collect();
        let credentials = json!({"email": address, "password": password});
        let answer = anybody.post("/api/users/signup", credentials.clone()).await;
        assert_eq!(answer.status, if accepted { 201 } else { 400 }, "{length}");
        anybody.cookie = None;
        let answer = anybody.post("/api/users/signin", credentials).await;
        assert_eq!(answer.status, if accepted { 200 } else { 400 }, "{length}");
        anybody.cookie = None;
        if !accepted {
            assert_eq!(answer.codes(), ["password_too_long"]);
        }
    }
    for length in [1 << 20, 100 << 20] {
        let head = format!(
            "POST /api/users/signin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        refused(&send(service.public, head.as_bytes()).await, 413, "announced");
    }
    let begun = Instant::now();
    let many = (0..200).map(|_| {
        let mut anybody = anybody.clone();
        async move { anybody.sign_in("ada@example.org", &"x".repeat(1_025)).await.status }
    });
    assert!(futures_util::future::join_all(many).await.iter().all(|status| *status == 400));
    assert!(begun.elapsed() < Duration::from_secs(2), "none of them was hashed: {:?}", begun.elapsed());
    unharmed(&service, &["length-1025@example.org"]).await;
}

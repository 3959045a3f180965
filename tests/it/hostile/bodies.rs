//! Bodies that two parsers could read differently, or that a database might take for orders.

use std::sync::Arc;

use portcullis::store::Store;
use serde_json::json;

use super::{on, refused, unharmed};
use crate::support::{
    browser::{Browser, PASSWORD},
    stores::on_both_stores,
    wire::{post, send},
};

on_both_stores!(
    f_26_deep_and_wide_bodies_are_refused_quickly,
    f_27_bodies_with_two_meanings_are_refused,
    f_28_numbers_where_text_is_due_are_refused,
    f_29_bytes_that_are_no_text_are_refused,
    f_30_r_52_operators_are_text_or_nothing,
);

const MALLORY: &str = r#""email":"mallory@example.org","password":"correct horse battery""#;

async fn f_26_deep_and_wide_bodies_are_refused_quickly(store: Arc<dyn Store>) {
    let service = on(store).await;
    for depth in [127, 129, 8_000] {
        let deep = format!("{{\"email\":{}{},\"password\":\"x\"}}", "[".repeat(depth), "]".repeat(depth));
        refused(&send(service.public, &post("/api/users/signup", deep.as_bytes())).await, 400, "deep");
        let ignored = format!("{{\"x\":{}{},{MALLORY}}}", "[".repeat(depth), "]".repeat(depth));
        if depth > 128 {
            refused(
                &send(service.public, &post("/api/users/signup", ignored.as_bytes())).await,
                400,
                "deep, ignored",
            );
        }
    }
    let deep = format!("{{\"x\":{}", "[".repeat(100_000));
    refused(
        &send(service.public, &post("/api/users/signup", deep.as_bytes())).await,
        413,
        "deeper than fits",
    );
    let members: Vec<_> = (0..1_500).map(|n| format!("\"k{n}\":1")).collect();
    let wide = format!("{{{}}}", members.join(","));
    refused(&send(service.public, &post("/api/users/signup", wide.as_bytes())).await, 400, "wide");
    unharmed(&service, &["mallory@example.org"]).await;
}

async fn f_27_bodies_with_two_meanings_are_refused(store: Arc<dyn Store>) {
    let service = on(store).await;
    let bodies = [
        format!("{{{MALLORY},\"password\":\"another horse battery\"}}"),
        format!("{{{MALLORY},\"x\":1,\"x\":1}}"),
        format!("{{{MALLORY},\"x\":{{\"a\":1,\"\\u0061\":2}}}}"),
        r#"["mallory@example.org","correct horse battery"]"#.to_owned(),
        format!("[{{{MALLORY}}}]"),
        format!("{{{MALLORY}}} {{}}"),
        format!("{{{MALLORY}}} trailing"),
        format!("{{{MALLORY} /* comment */}}"),
        format!("{{{MALLORY},}}"),
        format!("{{{}}}", MALLORY.replace('"', "'")),
        format!("\u{feff}{{{MALLORY}}}"),
        String::new(),
        "null".to_owned(),
        "\"mallory@example.org\"".to_owned(),
        "{".to_owned(),
    ];
    for path in ["/api/users/signup", "/api/users/signin"] {
        for body in &bodies {
            refused(&send(service.public, &post(path, body.as_bytes())).await, 400, body);
        }
    }
    unharmed(&service, &["mallory@example.org"]).await;
}

async fn f_28_numbers_where_text_is_due_are_refused(store: Arc<dyn Store>) {
    let service = on(store).await;
    for number in ["1e400", "-0", "9223372036854775808", "18446744073709551616", "1.5", "NaN", "1e-400", "-1"]
    {
        for body in [
            format!(r#"{{"email":{number},"password":"correct horse battery"}}"#),
            format!(r#"{{"email":"mallory@example.org","password":{number}}}"#),
        ] {
            refused(&send(service.public, &post("/api/users/signup", body.as_bytes())).await, 400, &body);
        }
    }
    unharmed(&service, &["mallory@example.org"]).await;
}

async fn f_29_bytes_that_are_no_text_are_refused(store: Arc<dyn Store>) {
    let service = on(store).await;
    let lies: [&[u8]; 5] = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82"];
    for bytes in lies {
        for (before, after) in [
            (&b"{\"email\":\"mallory"[..], &b"@example.org\",\"password\":\"correct horse battery\"}"[..]),
            (b"{\"email\":\"mallory@example.org\",\"password\":\"correct horse ", b"\"}"),
        ] {
            let body = [before, bytes, after].concat();
            refused(&send(service.public, &post("/api/users/signup", &body)).await, 400, "body");
        }
        let in_path = [b"GET /api/users/", bytes, b" HTTP/1.1\r\nHost: x\r\n\r\n"].concat();
        assert!((400..500).contains(&send(service.public, &in_path).await.status), "path");
        let in_cookie =
            [b"GET /api/users/currentuser HTTP/1.1\r\nHost: x\r\nCookie: session=", bytes, b"\r\n\r\n"]
                .concat();
        let raw = send(service.public, &in_cookie).await;
        assert!(raw.status == 400 || raw.body == "{\"currentUser\":null}", "cookie: {raw:?}");
    }
    let lone = br#"{"email":"mallory@example.org","password":"correct \ud800 battery"}"#;
    refused(&send(service.public, &post("/api/users/signup", lone)).await, 400, "lone surrogate");
    unharmed(&service, &["mallory@example.org"]).await;
}

async fn f_30_r_52_operators_are_text_or_nothing(store: Arc<dyn Store>) {
    let service = on(store).await;
    Browser::at(&service).sign_up("ada@example.org").await;
    let operators = [
        json!({"$ne": ""}),
        json!({"$gt": ""}),
        json!({"$regex": ".*"}),
        json!({"$where": "1"}),
        json!({"$expr": true}),
        json!({"$oid": "507f1f77bcf86cd799439011"}),
        json!({"$exists": true}),
        json!([{"$ne": ""}]),
    ];
    for operator in operators {
        for body in [
            json!({"email": operator, "password": PASSWORD}),
            json!({"email": "ada@example.org", "password": operator}),
        ] {
            for path in ["/api/users/signin", "/api/users/signup"] {
                let raw = send(service.public, &post(path, body.to_string().as_bytes())).await;
                refused(&raw, 400, &body.to_string());
                assert!(raw.header("set-cookie").is_none());
            }
        }
    }
    for key in ["$where", "a.b", "$set", "email.canonical"] {
        let body =
            json!({"email": "ada@example.org", "password": "wrong horse battery", key: "1"}).to_string();
        refused(&send(service.public, &post("/api/users/signin", body.as_bytes())).await, 400, key);
    }
    for path in ["/api/users/currentuser?email[$ne]=", "/api/users/currentuser?session[$gt]="] {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nCookie: session[$ne]=; session={{\"$ne\":1}}\r\n\r\n");
        assert_eq!(send(service.public, request.as_bytes()).await.body, "{\"currentUser\":null}");
    }
    unharmed(&service, &[]).await;
}

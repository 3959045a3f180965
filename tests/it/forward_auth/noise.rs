//! Whatever comes along with the question, or in its place: it changes nothing, and is answered in the three ways.

use std::time::Duration;

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{ask, cookie, gate, reason, understood};
use crate::support::{
    browser::{Browser, PASSWORD},
    stores::sqlite,
    wire,
};

#[tokio::test]
async fn r_37_garbage_for_a_cookie_is_neither_a_session_nor_our_fault() {
    let (service, ada) = gate(sqlite()).await;
    let good = ada.cookie.clone().unwrap();
    let secret = good.strip_prefix("session=").unwrap();
    let mut runner = TestRunner::deterministic();
    let garbage = r#"([ -~]|\PC|session=|pcs_|;|=|"|%[0-9a-f]{2}|,|\t| ){0,60}"#;
    let mut socket = TcpStream::connect(service.internal).await.unwrap();
    for case in 0..3_000 {
        let noise = proptest::string::string_regex(garbage).unwrap().new_tree(&mut runner).unwrap().current();
        let noise: String = noise.chars().filter(|c| !c.is_control() || *c == '\t').collect();
        let value = match case % 4 {
            0 => noise,
            1 => format!("session={noise}"),
            2 => format!("session={}{noise}x", &secret[..(case % secret.len())]),
            _ => format!("{noise}; session={secret}x{noise}"),
        };
        let request =
            format!("GET /v1/forward-auth/nic/signed-in HTTP/1.1\r\nHost: p\r\nCookie: {value}\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let answer = wire::receive(&mut socket).await.unwrap_or_else(|| panic!("no answer to {value:?}"));
        understood(&answer);
        assert_eq!(answer.status, 401, "{case} {} {answer:?}", value.escape_unicode());
    }
    for several in [format!("{good}; {good}"), format!("session=x; {good}"), format!("{good}; session=")] {
        assert_eq!(
            ask(service.internal, "nic/signed-in", &[&format!("Cookie: {several}")]).await.status,
            401
        );
    }
    assert_eq!(ask(service.internal, "nic/signed-in", &[&format!("Cookie: {good}")]).await.status, 200);
}

#[tokio::test]
async fn r_36_r_42_what_is_not_asked_for_changes_nothing() {
    let (service, ada) = gate(sqlite()).await;
    let cookie = cookie(&ada);
    for noise in [
        "X-Forwarded-For: garbage",
        "X-Forwarded-For: ,,,",
        "X-Real-IP: \u{fc}",
        "Forwarded: for=\"",
        "User-Agent: kube-probe/1.36",
        "User-Agent: GoogleHC/1.0",
        "X-Original-URL: http://",
        "X-Forwarded-Uri: %",
        "Origin: https://evil.example",
        "X-Auth-Request-User: root",
        "Sec-Fetch-Site: cross-site",
        "Expect: 200",
        "X-HTTP-Method-Override: DELETE",
    ] {
        assert_eq!(ask(service.internal, "nic/signed-in", &[noise]).await.status, 401, "{noise}");
        assert_eq!(ask(service.internal, "nic/signed-in", &[noise, &cookie]).await.status, 200, "{noise}");
    }
}

#[tokio::test]
async fn a_bad_token_is_not_excused_by_a_good_cookie() {
    let (service, ada) = gate(sqlite()).await;
    let mine = cookie(&ada);
    for bad in
        ["Authorization: Bearer x", "Authorization: Basic YTpi", "Authorization: Bearer", "Authorization: "]
    {
        for headers in [&[bad][..], &[bad, &mine]] {
            assert_eq!(ask(service.internal, "nic/signed-in", headers).await.status, 401, "{headers:?}");
        }
    }
}

#[tokio::test]
async fn f_02_whatever_goes_wrong_is_one_of_the_three_answers() {
    let (service, ada) = gate(sqlite()).await;
    let cookie = cookie(&ada);
    let long = "a".repeat(9_000);
    let many = format!("X-Noise: {}", "b".repeat(20_000));
    for headers in [&[cookie.as_str(), &many, &many][..], &["Cookie: a\u{1}b"], &["no colon"]] {
        assert_eq!(reason(&ask(service.internal, "nic/signed-in", headers).await), (403, "malformed"));
    }
    let countless: Vec<String> = (0..200).map(|n| format!("X-{n}: 1")).collect();
    let countless: Vec<&str> = countless.iter().map(String::as_str).collect();
    assert_eq!(ask(service.internal, "nic/signed-in", &countless).await.status, 403);
    assert_eq!(
        reason(&ask(service.internal, &format!("nic/signed-in/{long}"), &[&cookie]).await),
        (403, "malformed")
    );
    for (path, why) in [("", "unknown_rule"), ("nic", "unknown_rule"), ("nic/../../livez", "unknown_rule")] {
        assert_eq!(reason(&ask(service.internal, path, &[&cookie]).await), (403, why), "{path}");
    }
    for method in ["HEAD", "OPTIONS", "TRACE", "PROPFIND", "DELETE"] {
        let bytes =
            format!("{method} /v1/forward-auth/nic/signed-in HTTP/1.1\r\nHost: p\r\n{cookie}\r\n\r\n");
        let mut socket = TcpStream::connect(service.internal).await.unwrap();
        socket.write_all(bytes.as_bytes()).await.unwrap();
        assert_eq!(wire::receive(&mut socket).await.unwrap().status, 200, "{method}");
    }
    let mut later = Browser::at(&service);
    later.sign_in("ada@example.org", PASSWORD).await;
    service.store.close().await;
    let remembered = ask(service.internal, "nic/signed-in", &[&cookie]).await;
    assert_eq!(remembered.status, 200, "what is in memory is answered from there");
    let not_in_memory = format!("Cookie: {}", later.cookie.unwrap());
    assert_eq!(
        reason(&ask(service.internal, "nic/signed-in", &[&not_in_memory]).await),
        (403, "unavailable")
    );
}

#[tokio::test]
async fn a_body_is_never_waited_for_and_never_taken_for_the_next_question() {
    let (service, ada) = gate(sqlite()).await;
    let cookie = cookie(&ada);
    let inner = "GET /v1/forward-auth/nic/nobody HTTP/1.1\r\nHost: p\r\n\r\n";
    for body in [
        "Content-Length: 1000000000\r\n\r\n".to_owned(),
        "Content-Length: 18446744073709551615\r\n\r\n".to_owned(),
        format!("Content-Length: 1000\r\n\r\n{inner}"),
        format!("Content-Length: {}\r\n\r\n{inner}", inner.len()),
        "Transfer-Encoding: chunked\r\n\r\n".to_owned(),
        format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len()),
        format!("Transfer-Encoding: chunked\r\n\r\nnonsense{inner}"),
        format!("Connection: upgrade\r\nUpgrade: websocket\r\n\r\n{inner}"),
    ] {
        for (who, status) in [(cookie.as_str(), 200), ("X-Nobody: 1", 401)] {
            let mut socket = TcpStream::connect(service.internal).await.unwrap();
            let head = format!("POST /v1/forward-auth/nic/signed-in HTTP/1.1\r\nHost: p\r\n{who}\r\n{body}");
            socket.write_all(head.as_bytes()).await.unwrap();
            let answer = tokio::time::timeout(Duration::from_secs(2), wire::receive(&mut socket)).await;
            let answer = answer.expect("it is not waited for");
            let answer = answer.unwrap_or_else(|| panic!("no answer: {body:?} {who}"));
            understood(&answer);
            assert_eq!(answer.status, status, "{body:?}");
            let _ = socket.write_all(inner.as_bytes()).await;
            let next = wire::receive(&mut socket).await;
            assert!(next.is_none(), "{body:?}: the connection is over: {next:?}");
        }
    }
    let mut socket = TcpStream::connect(service.internal).await.unwrap();
    for _ in 0..3 {
        let head = format!(
            "GET /v1/forward-auth/nic/signed-in HTTP/1.1\r\nHost: p\r\n{cookie}\r\nContent-Length: 0\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(wire::receive(&mut socket).await.unwrap().status, 200, "without a body it goes on");
    }
}

//! Sessions: where somebody is signed in, and how they end it from elsewhere, asked over HTTP.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use portcullis::store::Store;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep};

use crate::support::{
    browser::{Browser, PASSWORD},
    service::{ORIGIN, Service},
    stores::on_both_stores,
    wire,
};

on_both_stores!(
    they_are_listed_with_what_tells_them_apart,
    one_is_ended_from_another,
    nobody_ends_somebody_else_s,
    n_23_everywhere_else_is_signed_out_by_one_write,
    n_23_everywhere_is_signed_out,
    n_23_a_session_that_has_ended_meanwhile_does_not_keep_itself,
    the_oldest_makes_way_for_one_too_many,
    when_it_was_last_seen_is_noted_once_a_minute,
    whoever_is_not_signed_in_has_none,
    two_credentials_of_two_sessions_are_a_contradiction,
    another_scheme_than_ours_is_no_credential_of_ours,
);

async fn they_are_listed_with_what_tells_them_apart(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let [mut laptop, mut phone] = two_devices(&service).await;

    let listed = list(&mut phone).await;

    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0]["current"], &listed[1]["current"]), (&json!(true), &json!(false)), "newest first");
    for session in &listed {
        assert_eq!(session["ip"], "127.0.0.1");
        assert_eq!(session["amr"], json!(["pwd"]));
        let members: Vec<_> = session.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            members,
            ["amr", "createdAt", "current", "id", "ip", "lastSeenAt", "userAgent"],
            "nothing inside leaks"
        );
    }
    assert_eq!(list(&mut laptop).await[1]["current"], true);
}

async fn one_is_ended_from_another(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let [mut laptop, mut phone] = two_devices(&service).await;
    let laptop_s = list(&mut phone).await[1]["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let answer = phone.delete(&format!("/api/users/sessions/{laptop_s}")).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "also when it has ended already");
    }
    assert_eq!(laptop.current_user().await, None);
    assert_eq!(list(&mut phone).await.len(), 1);
}

async fn nobody_ends_somebody_else_s(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let [mut ada, _] = two_devices(&service).await;
    let mut eve = Browser::at(&service);
    eve.sign_up("eve@example.org").await;
    let ada_s = list(&mut ada).await[1]["id"].as_str().unwrap().to_owned();
    for id in [ada_s.as_str(), "01980000-0000-7000-8000-000000000000", "nonsense", "%00", "..%2fcurrentuser"]
    {
        let answer = eve.delete(&format!("/api/users/sessions/{id}")).await;
        assert_eq!((answer.status, answer.codes()), (404, vec!["not_found".to_owned()]), "{id}");
    }
    assert_eq!(list(&mut ada).await.len(), 2);
}

async fn n_23_everywhere_else_is_signed_out_by_one_write(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let [mut laptop, mut phone] = two_devices(&service).await;
    for expected in [1, 0] {
        let answer = phone.post("/api/users/signout-all", json!({ "keepCurrent": true })).await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "ended": expected })));
    }
    assert_eq!(laptop.current_user().await, None);
    assert!(phone.current_user().await.is_some());
    laptop.sign_in("ada@example.org", PASSWORD).await;
    assert_eq!(list(&mut laptop).await.len(), 2, "who signs in anew is signed in");
    let answer = laptop.post("/api/users/signout-all", json!({ "keepCurrent": true })).await;
    assert_eq!(answer.json(), json!({ "ended": 1 }));
    assert_eq!(phone.current_user().await, None, "what was kept once is not kept for ever");
}

async fn n_23_everywhere_is_signed_out(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let [mut laptop, mut phone] = two_devices(&service).await;
    let mut program = Browser::at(&service);
    let account = json!({ "email": "ada@example.org", "password": PASSWORD, "mode": "token" });
    let tokens = program.post("/api/users/signin", account).await.json();
    program.token = Some(tokens["accessToken"].as_str().unwrap().to_owned());

    let answer = laptop.post("/api/users/signout-all", json!({})).await;

    assert_eq!((answer.status, answer.json()), (200, json!({ "ended": 3 })));
    assert_eq!(laptop.cookie, None, "cleared");
    assert_eq!((phone.current_user().await, program.current_user().await), (None, None));
    assert_eq!(program.refresh(tokens["refreshToken"].as_str().unwrap()).await.status, 401);
}

/// Whoever holds the end of a request back has been recognised long before it is carried out.
async fn n_23_a_session_that_has_ended_meanwhile_does_not_keep_itself(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let [mut ada, thief] = two_devices(&service).await;
    let body = r#"{"keepCurrent":true}"#;
    let head = format!(
        "POST /api/users/signout-all HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\nCookie: {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        thief.cookie.as_ref().unwrap(),
        body.len()
    );
    let mut socket = TcpStream::connect(service.public).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(300)).await;
    ada.post("/api/users/signout-all", json!({ "keepCurrent": true })).await;

    socket.write_all(body.as_bytes()).await.unwrap();

    assert_eq!(wire::receive(&mut socket).await.unwrap().status, 401);
    assert!(ada.current_user().await.is_some(), "whoever signed the thief out is still signed in");
    assert_eq!(thief.clone().current_user().await, None);
}

async fn the_oldest_makes_way_for_one_too_many(store: Arc<dyn Store>) {
    let service = Service::with(store, &[("PORTCULLIS_SESSION_LIMIT", "2")]).await;
    let [mut laptop, mut phone] = two_devices(&service).await;
    service.clock.advance(SignedDuration::from_secs(1));
    let mut watch = Browser::at(&service);
    watch.sign_in("ada@example.org", PASSWORD).await;
    assert_eq!(laptop.current_user().await, None);
    assert!(phone.current_user().await.is_some() && watch.current_user().await.is_some());
    assert_eq!(list(&mut watch).await.len(), 2);
}

async fn when_it_was_last_seen_is_noted_once_a_minute(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let [mut laptop, _] = two_devices(&service).await;
    let seen = async |laptop: &mut Browser| {
        laptop.current_user().await;
        list(laptop).await[1]["lastSeenAt"].as_str().unwrap().to_owned()
    };
    let first = seen(&mut laptop).await;
    service.clock.advance(SignedDuration::from_secs(58));
    assert_eq!(seen(&mut laptop).await, first);
    service.clock.advance(SignedDuration::from_secs(2));
    assert_ne!(seen(&mut laptop).await, first);

    let token = laptop.post("/api/users/refresh", json!({})).await.json()["accessToken"].clone();
    (laptop.cookie, laptop.token) = (None, token.as_str().map(str::to_owned));
    let by_cookie = seen(&mut laptop).await;
    service.clock.advance(SignedDuration::from_secs(60));
    assert_ne!(seen(&mut laptop).await, by_cookie, "a program that shows its token is seen as well");
}

async fn whoever_is_not_signed_in_has_none(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut nobody = Browser::at(&service);
    let answers = [
        nobody.get("/api/users/sessions").await,
        nobody.delete("/api/users/sessions/01980000-0000-7000-8000-000000000000").await,
        nobody.post("/api/users/signout-all", json!({})).await,
    ];
    for answer in answers {
        assert_eq!((answer.status, answer.codes()), (401, vec!["not_signed_in".to_owned()]));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let account = json!({ "email": "ada@example.org", "password": PASSWORD, "mode": "token" });
    let tokens = nobody.post("/api/users/signup", account).await.json();
    service.clock.advance(SignedDuration::from_mins(11));
    for (token, code) in
        [("nonsense", "token_invalid"), (tokens["accessToken"].as_str().unwrap(), "token_expired")]
    {
        nobody.token = Some(token.to_owned());
        let answer = nobody.get("/api/users/sessions").await;
        assert_eq!(
            (answer.status, answer.codes()),
            (401, vec![code.to_owned()]),
            "renew it, or sign in again"
        );
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
}

async fn two_credentials_of_two_sessions_are_a_contradiction(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let [mut laptop, mut phone] = two_devices(&service).await;
    let own = laptop.post("/api/users/refresh", json!({})).await.json()["accessToken"].clone();
    let other = phone.post("/api/users/refresh", json!({})).await.json()["accessToken"].clone();
    laptop.token = own.as_str().map(str::to_owned);
    assert!(laptop.current_user().await.is_some(), "both of one session are one");
    laptop.token = other.as_str().map(str::to_owned);
    assert_eq!(laptop.get("/api/users/currentuser").await.codes(), ["credentials_differ"]);
    laptop.token = Some("nonsense".to_owned());
    assert_eq!(laptop.get("/api/users/currentuser").await.codes(), ["credentials_differ"]);
}

/// A staging site asks for a password of its own, and browsers send it everywhere.
async fn another_scheme_than_ours_is_no_credential_of_ours(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let [laptop, _] = two_devices(&service).await;
    let ask = async |header: &str| {
        let cookie = laptop.cookie.as_ref().unwrap();
        let request = format!(
            "GET /api/users/currentuser HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nAuthorization: {header}\r\n\r\n"
        );
        wire::send(service.public, request.as_bytes()).await
    };
    let answer = ask("Basic c3RhZ2luZzpzZWNyZXQ=").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("ada@example.org"), "{answer:?}");
    assert_eq!(ask("Bearer a b").await.status, 401, "one of ours that cannot be read is not overlooked");
}

/// A laptop on which Ada signed up, and a phone on which she signed in a second later.
async fn two_devices(service: &Service) -> [Browser; 2] {
    let (mut laptop, mut phone) = (Browser::at(service), Browser::at(service));
    laptop.sign_up("ada@example.org").await;
    service.clock.advance(SignedDuration::from_secs(1));
    phone.sign_in("ada@example.org", PASSWORD).await;
    [laptop, phone]
}

async fn list(browser: &mut Browser) -> Vec<Value> {
    let answer = browser.get("/api/users/sessions").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json().as_array().unwrap().clone()
}

//! What is written down, and what never is.

use std::sync::Arc;

use portcullis::{domain::event::EventKind, store::Store};
use reqwest::Client;
use serde_json::{Value, json};

use super::admin;
use crate::support::{
    browser::{Answer, Browser, PASSWORD},
    events::events_of,
    people::email,
    service::Service,
    stores::on_both_stores,
};

on_both_stores!(
    r_04_a_decision_is_written_down_with_who_what_and_where_before_it_is_answered,
    r_04_a_refusal_says_why_to_administrators_and_names_no_address,
    r_04_no_event_holds_a_secret,
    whoever_signs_in_anew_ended_their_own_session_and_nobody_knows_who_ended_anothers,
);

async fn kinds(store: &dyn Store, address: &str) -> Vec<String> {
    let user = store.user_by_email(&email(address)).await.unwrap().unwrap();
    let events = events_of(store, user.id()).await;
    let mut kinds: Vec<_> = events.iter().map(|event| event.kind.as_str().to_owned()).collect();
    kinds.reverse();
    kinds
}

async fn r_04_a_decision_is_written_down_with_who_what_and_where_before_it_is_answered(
    store: Arc<dyn Store>,
) {
    let service = Service::on(Arc::clone(&store)).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    let mut expected = vec!["signed_up", "signed_in"];
    let mut seen = kinds(&*store, "ada@example.org").await;
    // Of one millisecond, chance orders them.
    seen.sort_unstable();
    expected.sort_unstable();
    assert_eq!(seen, expected);

    let mut other = Browser::at(&service);
    for (step, kind) in [
        ("signin", "signed_in"),
        ("wrong", "signin_failed"),
        ("reject", "password_rejected"),
        ("change", "password_changed"),
        ("all", "all_sessions_ended"),
        ("export", "data_exported"),
        ("signout", "signed_out"),
    ] {
        service.clock.advance(jiff::SignedDuration::from_secs(1));
        let passwords =
            |current: &str| json!({ "currentPassword": current, "newPassword": "a stapler in the rain" });
        let answer: Answer = match step {
            "signin" => other.sign_in("ada@example.org", PASSWORD).await,
            "wrong" => Browser::at(&service).sign_in("ada@example.org", "wrong").await,
            "reject" => ada.put("/api/users/password", passwords("wrong")).await,
            "change" => ada.put("/api/users/password", passwords(PASSWORD)).await,
            "all" => ada.post("/api/users/signout-all", json!({ "keepCurrent": true })).await,
            "export" => ada.get("/api/users/me/export").await,
            _ => ada.sign_out().await,
        };
        let user = store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
        let latest = events_of(&*store, user.id()).await.remove(0);
        assert_eq!(latest.kind.as_str(), kind, "{step}");
        assert_eq!(latest.request.unwrap().as_str(), answer.header("x-request-id").unwrap(), "{step}");
        assert_eq!(latest.particulars.unwrap().device.ip().unwrap().to_string(), "127.0.0.1", "{step}");
    }
}

async fn r_04_a_refusal_says_why_to_administrators_and_names_no_address(store: Arc<dyn Store>) {
    // This machine is a proxy whose word is taken, of the trace as well.
    let service = Service::with(store, &[("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.1/32")]).await;
    let mut grace = admin(&service, "grace@example.org").await;
    let traced = Client::new()
        .post(format!("http://{}/api/users/signin", service.public))
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .header("user-agent", "a phone")
        .json(&json!({ "email": "nobody@example.org", "password": "wrong" }));
    assert_eq!(Answer::read(traced).await.unwrap().status, 400);
    assert_eq!(Browser::at(&service).sign_up("grace@example.org").await.status, 400);

    let text = grace.get("/admin/v1/events?kind=signin_failed").await.text;
    let page: Value = serde_json::from_str(&text).unwrap();
    let event = &page["events"][0];
    assert_eq!(event["reason"], "unknown_address");
    assert_eq!((&event["actor"], &event["user"]), (&json!("anyone"), &Value::Null));
    assert_eq!((&event["ip"], &event["userAgent"]), (&json!("127.0.0.1"), &json!("a phone")));
    assert_eq!(event["trace"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(!text.contains("nobody@example.org"), "{text}");

    let refused = grace.get("/admin/v1/events?kind=signup_refused").await.json();
    assert_eq!(refused["events"][0]["reason"], "address_taken");
    assert_eq!(refused["events"][0]["user"], Value::Null, "nobody learns by it whose it is");
}

async fn r_04_no_event_holds_a_secret(store: Arc<dyn Store>) {
    let service = Service::on(Arc::clone(&store)).await;
    let mut grace = admin(&service, "grace@example.org").await;
    let token = grace.token.clone().unwrap();
    let canary = "canary-secret-of-somebody";
    let mut ada = Browser::at(&service);
    ada.post("/api/users/signup", json!({ "email": "ada@example.org", "password": canary })).await;
    let cookie = ada.cookie.clone().unwrap();
    ada.put(
        "/api/users/password",
        json!({ "currentPassword": canary, "newPassword": format!("{canary}-2") }),
    )
    .await;
    ada.sign_in("ada@example.org", &format!("{canary}-3")).await;
    let reset = json!({ "token": format!("pcm_{canary}"), "newPassword": canary });
    ada.post("/api/users/password/reset", reset).await;
    ada.sign_out().await;

    let pages = grace.get("/admin/v1/events?limit=100").await.text;
    let all = crate::support::records::exported(&*store).await;
    let stored: Vec<String> = all
        .iter()
        .filter(|record| matches!(record, portcullis::domain::record::Record::Event(_)))
        .map(|record| format!("{record:?}"))
        .collect();
    assert!(pages.contains(EventKind::PasswordChanged.as_str()) && stored.len() > 6, "{pages}");
    let secret = cookie.split('=').nth(1).unwrap();
    for text in stored.iter().chain([&pages]) {
        for secret in [canary, secret, &token, "ada@example.org", "grace@example.org"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

/// Who has typed the right password has shown who they are, and of nobody else that they are that one.
async fn whoever_signs_in_anew_ended_their_own_session_and_nobody_knows_who_ended_anothers(
    store: Arc<dyn Store>,
) {
    let service = Service::on(Arc::clone(&store)).await;
    let mut grace = admin(&service, "grace@example.org").await;
    assert_eq!(Browser::at(&service).sign_up("eve@example.org").await.status, 201);
    let mut browser = Browser::at(&service);
    browser.sign_up("ada@example.org").await;
    for (next, ended, actor) in [
        ("ada@example.org", "ada@example.org", "user"),
        ("eve@example.org", "ada@example.org", "anyone"),
        ("zoe@example.org", "eve@example.org", "anyone"),
    ] {
        service.clock.advance(jiff::SignedDuration::from_secs(1));
        let answer = match next {
            "zoe@example.org" => browser.sign_up(next).await,
            _ => browser.sign_in(next, PASSWORD).await,
        };
        assert!(answer.status < 300, "{answer:?}");
        let user = store.user_by_email(&email(ended)).await.unwrap().unwrap();
        let page =
            grace.get(&format!("/admin/v1/events?kind=session_ended&user={}", user.id().as_uuid())).await;
        let event = page.json()["events"][0].clone();
        assert_eq!(
            (&event["reason"], &event["actor"]),
            (&json!("replaced"), &json!(actor)),
            "{next}: {event}"
        );
    }
}

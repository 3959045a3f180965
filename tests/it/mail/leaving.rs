//! Leaving, coming back, and being gone; and taking along what is stored.

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::{
    domain::{device::Device, event::Event},
    store::Store,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{forgot, newcomer, with_mail};
use crate::support::{
    browser::{Answer, Browser, PASSWORD},
    events::events_of,
    patience::until,
    people::email,
    service::Service,
    stores::on_both_stores,
};

on_both_stores!(
    whoever_leaves_is_out_at_once_and_can_come_back_for_fourteen_days,
    whoever_does_not_come_back_is_erased_with_all_that_is_kept_of_them,
    nobody_is_made_to_leave_without_their_password,
    everything_that_is_stored_of_the_caller_is_told_and_nothing_that_recognises_them,
);

async fn leave(browser: &mut Browser, password: &str) -> Answer {
    browser.try_ask(Method::DELETE, "/api/users/me", Some(json!({ "password": password }))).await.unwrap()
}

async fn whoever_leaves_is_out_at_once_and_can_come_back_for_fourteen_days(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    let mut elsewhere = Browser::at(&service);
    elsewhere.sign_in("ada@example.org", PASSWORD).await;

    let answer = leave(&mut ada, PASSWORD).await;
    assert_eq!((answer.status, answer.text.as_str()), (202, "{}"));
    assert_eq!(ada.cookie, None);
    assert_eq!(elsewhere.current_user().await, None);
    let mail = server.mail().await;
    assert!(mail.text().contains("16 January 2100") && mail.text().contains("sign in before"), "{mail:?}");

    service.clock.advance(SignedDuration::from_hours(14 * 24) - SignedDuration::from_secs(1));
    assert_eq!(ada.sign_in("ada@example.org", "wrong horse").await.status, 400);
    assert_eq!(ada.sign_in("ada@example.org", PASSWORD).await.status, 200);
    service.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(ada.current_user().await.as_deref(), Some("ada@example.org"));
    let stored = service.store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
    assert_eq!(stored.attrs().erase_at, None);
}

async fn whoever_does_not_come_back_is_erased_with_all_that_is_kept_of_them(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(Arc::clone(&store)).await else { return };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    newcomer(&service, &server, "bob@example.org").await;
    // An event of hers, by a refresh token that is used twice.
    let account = json!({ "email": "ada@example.org", "password": PASSWORD, "mode": "token" });
    let tokens = Browser::at(&service).post("/api/users/signin", account).await.json();
    let refresh = tokens["refreshToken"].as_str().unwrap();
    ada.cookie = None;
    ada.refresh(refresh).await;
    service.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(ada.refresh(refresh).await.status, 401);
    let user = store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
    assert!(events_of(&*store, user.id()).await[0].device().unwrap().ip().is_some());

    ada.sign_in("ada@example.org", PASSWORD).await;
    leave(&mut ada, PASSWORD).await;
    service.clock.advance(SignedDuration::from_hours(14 * 24));
    assert_eq!(ada.sign_in("ada@example.org", PASSWORD).await.status, 400, "too late, swept or not");
    let now = service.clock.clone();

    // The next service that starts sweeps at once, as each does now and then.
    let later = Service::at(Arc::clone(&store), &[], now).await;
    until("she is erased", async || store.user(user.id()).await.unwrap().is_none()).await;
    assert!(store.sessions_ever_of(user.id()).await.unwrap().is_empty());
    let events = events_of(&*store, user.id()).await;
    let tells_nothing = |event: &Event| {
        event.session_id().is_none() && event.device().is_none_or(|device| *device == Device::default())
    };
    assert!(!events.is_empty() && events.iter().all(tells_nothing), "{events:?}");
    assert!(store.user_by_email(&email("bob@example.org")).await.unwrap().is_some());
    assert_eq!(Browser::at(&later).sign_up("ada@example.org").await.status, 201, "the address is free");
}

async fn nobody_is_made_to_leave_without_their_password(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    let refused = leave(&mut ada, "wrong horse").await;
    assert_eq!((refused.status, refused.codes()), (400, vec!["invalid_credentials".to_owned()]));
    assert_eq!(leave(&mut ada, "").await.codes(), ["password_required"]);
    assert_eq!(leave(&mut Browser::at(&service), PASSWORD).await.status, 401);
    let mut elsewhere = ada.clone();
    elsewhere.origin = "https://evil.example".to_owned();
    assert_eq!(leave(&mut elsewhere, PASSWORD).await.status, 403);
    assert_eq!(ada.current_user().await.as_deref(), Some("ada@example.org"));
}

async fn everything_that_is_stored_of_the_caller_is_told_and_nothing_that_recognises_them(
    store: Arc<dyn Store>,
) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, token) = newcomer(&service, &server, "ada@example.org").await;
    newcomer(&service, &server, "bob@example.org").await;
    let mut elsewhere = Browser::at(&service);
    elsewhere.sign_in("ada@example.org", PASSWORD).await;
    elsewhere.sign_out().await;
    forgot(&mut elsewhere, "ada@example.org").await;
    let reset = server.mail().await.token();
    until("the mail is off her desk", async || {
        ada.get("/api/users/me/export").await.json()["mail"] == json!([])
    })
    .await;

    let answer = ada.get("/api/users/me/export").await;
    let all = answer.json();
    assert_eq!(all["user"]["email"], "ada@example.org");
    let sessions = all["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions.iter().filter(|session| session["endReason"] == "signed_out").count(), 1);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let purposes: Vec<&Value> =
        all["links"].as_array().unwrap().iter().map(|link| &link["purpose"]).collect();
    assert_eq!(purposes, ["verify", "reset"]);
    let cookie = ada.cookie.clone().unwrap();
    let secret = cookie.split_once("pcs_").unwrap().1;
    for secret in [secret, &token, &reset, "scrypt", "hash", "digest", "bob@"] {
        assert!(!answer.text.contains(secret), "{secret} in {answer:?}");
    }
    assert_eq!(Browser::at(&service).get("/api/users/me/export").await.status, 401);
}

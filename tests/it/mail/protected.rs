//! Who may do what to an account by mail: its owner, and nobody who only says whose it is.

use std::{sync::Arc, time::Duration};

use portcullis::store::Store;
use reqwest::Method;
use serde_json::json;

use super::{is_verified, newcomer, with_mail};
use crate::support::{
    browser::{Browser, PASSWORD},
    people::email,
    stores::on_both_stores,
};

on_both_stores!(
    r_15_whoever_is_not_signed_in_does_nothing_to_anybody_s_account,
    r_16_nothing_proves_an_address_but_what_was_mailed_there,
);

async fn r_15_whoever_is_not_signed_in_does_nothing_to_anybody_s_account(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    let id = ada.get("/api/users/currentuser").await.json()["currentUser"]["id"].clone();
    let session = ada.get("/api/users/sessions").await.json()[0]["id"].clone();
    let claims = json!({
        "id": id, "userId": id, "user": { "id": id }, "email": "ada@example.org", "session": session, "sessionId": session,
        "password": PASSWORD, "currentUser": { "id": id }, "sub": id, "token": id,
    });
    let mut stranger = Browser::at(&service);
    for (method, path) in [
        (Method::POST, "/api/users/email/verification"),
        (Method::PUT, "/api/users/email"),
        (Method::GET, "/api/users/me/export"),
        (Method::DELETE, "/api/users/me"),
    ] {
        let answer = stranger.try_ask(method.clone(), path, Some(claims.clone())).await.unwrap();
        assert_eq!(
            (answer.status, answer.codes()),
            (401, vec!["not_signed_in".to_owned()]),
            "{method} {path}"
        );
    }
    assert_eq!(ada.current_user().await.as_deref(), Some("ada@example.org"));
    server.hears_nothing_for(Duration::from_secs(1));
}

async fn r_16_nothing_proves_an_address_but_what_was_mailed_there(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let mut ada = Browser::at(&service);
    let protected = json!({
        "emailVerified": true, "emailVerifiedAt": "2020-01-01T00:00:00Z", "verified": true, "roles": ["admin"], "status": "active",
        "eraseAt": null, "challenges": [], "outbox": [], "revision": 9, "epoch": 9, "newEmail": "ada@lovelace.example",
    });
    let with = |more: serde_json::Value| {
        let mut body = protected.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    ada.post("/api/users/signup", with(json!({ "email": "ada@example.org", "password": PASSWORD }))).await;
    server.mail().await;
    ada.post("/api/users/email/verification", with(json!({}))).await;
    server.mail().await;
    ada.put("/api/users/email", with(json!({ "email": "ada@byron.example", "password": PASSWORD }))).await;
    assert_eq!(server.mail().await.to(), "ada@byron.example");
    ada.post("/api/users/password/forgot", with(json!({ "email": "ada@example.org" }))).await;
    server.mail().await;

    assert!(!is_verified(&mut ada).await);
    let stored = service.store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
    let attrs = stored.attrs();
    assert!(attrs.roles.is_empty() && attrs.email_verified_at.is_none() && attrs.epoch == 0, "{attrs:?}");
    assert_eq!(attrs.challenges.iter().count(), 4);
}

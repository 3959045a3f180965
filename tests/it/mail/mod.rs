//! Mail, through a real mail server: what is asked for is sent, once, and what it carries holds once.

mod addresses;
mod leaving;
mod neutral;
mod outbox;
mod protected;
mod resets;
mod smtp;
mod verification;
mod words;

use std::sync::Arc;

use portcullis::store::Store;
use serde_json::json;

use crate::support::{
    browser::{Answer, Browser},
    mail_server::MailServer,
    service::Service,
};

/// Passwords that nobody guesses.
const NEW: &str = "a stapler in the rain";
const NEWER: &str = "fourteen brass kettles";

/// A service with a mail server; `None` where there is none.
async fn with_mail(store: Arc<dyn Store>) -> Option<(Service, MailServer)> {
    with_mail_and(store, &[]).await
}

async fn with_mail_and(store: Arc<dyn Store>, settings: &[(&str, &str)]) -> Option<(Service, MailServer)> {
    let server = MailServer::start()?;
    let url = server.url();
    let settings = [&[("PORTCULLIS_MAIL_URL", url.as_str())], settings].concat();
    Some((Service::with(store, &settings).await, server))
}

/// Somebody who has signed up, and the token of the mail that this led to.
async fn newcomer(service: &Service, server: &MailServer, email: &str) -> (Browser, String) {
    let mut browser = Browser::at(service);
    assert_eq!(browser.sign_up(email).await.status, 201);
    let mail = server.mail().await;
    (browser, mail.token())
}

async fn forgot(browser: &mut Browser, email: &str) -> Answer {
    browser.post("/api/users/password/forgot", json!({ "email": email })).await
}

async fn reset(browser: &mut Browser, token: &str, new: &str) -> Answer {
    browser.post("/api/users/password/reset", json!({ "token": token, "newPassword": new })).await
}

async fn verify(browser: &mut Browser, token: &str) -> Answer {
    browser.post("/api/users/email/verify", json!({ "token": token })).await
}

async fn change_email(browser: &mut Browser, email: &str, password: &str) -> Answer {
    browser.put("/api/users/email", json!({ "email": email, "password": password })).await
}

async fn is_verified(browser: &mut Browser) -> bool {
    browser.get("/api/users/currentuser").await.json()["currentUser"]["emailVerified"] == true
}

fn assert_token_invalid(answer: &Answer) {
    assert_eq!((answer.status, answer.codes()), (400, vec!["token_invalid".to_owned()]), "{answer:?}");
}

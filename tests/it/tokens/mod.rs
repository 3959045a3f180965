//! Access tokens, as the services get them that are handed one.

mod forged;
mod introspection;
mod verification;

use serde_json::json;

use crate::support::{
    browser::{Answer, Browser},
    service::Service,
};

/// Somebody who signed up, with an access token.
async fn somebody(service: &Service, email: &str) -> (Browser, String) {
    let mut browser = Browser::at(service);
    assert_eq!(browser.sign_up(email).await.status, 201);
    let token = token_of(service, &browser).await;
    (browser, token)
}

async fn token_of(service: &Service, browser: &Browser) -> String {
    let mut inside = Browser::to(service.internal);
    inside.cookie.clone_from(&browser.cookie);
    let answer = inside.get("/v1/whoami").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["accessToken"].as_str().unwrap().to_owned()
}

async fn verify(service: &Service, token: &str) -> Answer {
    Browser::to(service.internal).post("/v1/token/verify", json!({ "token": token })).await
}

async fn assert_refused(service: &Service, token: &str, code: &str) {
    let answer = verify(service, token).await;
    assert_eq!((answer.status, answer.codes()), (401, vec![code.to_owned()]), "{token}");
    assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
}

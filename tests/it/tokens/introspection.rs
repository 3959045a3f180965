//! RFC 7662, and the health of whoever answers it.

use serde_json::{Value, json};

use super::somebody;
use crate::support::{
    browser::{Answer, Browser},
    forge::{decoded, parts},
    service::Service,
};

async fn introspect(service: &Service, content_type: &str, body: String) -> Answer {
    let url = format!("http://{}/v1/introspect", service.internal);
    let request = reqwest::Client::new().post(url).header("content-type", content_type).body(body);
    Answer::read(request).await.unwrap()
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn introspection_says_all_of_a_token_that_holds_and_nothing_of_one_that_does_not() {
    let service = Service::start().await;
    let (mut ada, token) = somebody(&service, "ada@example.org").await;
    let good = introspect(&service, FORM, format!("token={token}&token_type_hint=access_token")).await;
    let mut expected = decoded(parts(&token)[1]);
    expected["active"] = json!(true);
    expected["token_type"] = json!("Bearer");
    assert_eq!((good.status, good.json()), (200, expected));

    ada.sign_out().await;
    for bad in [&*token, "x", "pcs_x", "%00", "a.b.c"] {
        let answer = introspect(&service, FORM, format!("token={bad}")).await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "active": false })), "{bad}");
    }
}

#[tokio::test]
async fn introspection_without_one_token_in_a_form_is_no_request() {
    let service = Service::start().await;
    for (content_type, body, status, code) in [
        (FORM, "", 400, "token_required"),
        (FORM, "token=", 400, "token_required"),
        (FORM, "tok%65n=a&token=b", 400, "malformed"),
        ("application/json", r#"{"token":"a"}"#, 415, "unsupported_media_type"),
    ] {
        let answer = introspect(&service, content_type, body.to_owned()).await;
        assert_eq!((answer.status, answer.codes()), (status, vec![code.to_owned()]), "{body}");
    }
}

#[tokio::test]
async fn the_health_of_tokens_is_that_of_the_service() {
    let service = Service::start().await;
    let answer = Browser::to(service.internal).get("/v1/token/health").await;
    assert_eq!((answer.status, &answer.json()["ok"]), (200, &Value::Bool(true)));
    let health = answer.json();
    assert_eq!((&health["keys"], &health["memory"]["state"]), (&json!(1), &json!("up")), "{health}");
    assert!(health["memory"]["hitRate"].is_number(), "{health}");
}

#[tokio::test]
async fn nothing_of_this_but_the_keys_is_public() {
    let service = Service::start().await;
    let mut outside = Browser::at(&service);
    for path in ["/v1/whoami", "/v1/token/health"] {
        assert_eq!(outside.get(path).await.status, 404, "{path}");
    }
    for path in ["/v1/token/verify", "/v1/token/verify-header", "/v1/introspect"] {
        assert_eq!(outside.post(path, json!({ "token": "x" })).await.status, 404, "{path}");
    }
    assert_eq!(Browser::to(service.internal).get("/.well-known/jwks.json").await.status, 404);
}

//! What a service is told of a token that holds, and when it stops holding.

use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use portcullis::domain::{clock::Clock, email::Email};
use serde_json::{Value, json};

use super::{assert_refused, somebody, token_of, verify};
use crate::support::{
    browser::Browser,
    forge::{decoded, parts},
    service::{ORIGIN, Service},
};

#[tokio::test]
async fn a_token_says_what_the_contract_says_and_no_more() {
    let service = Service::start().await;
    let (mut ada, token) = somebody(&service, "Ada@Example.org").await;
    let [head, claims, _] = parts(&token);
    let key = &service.store.signing_keys().await.unwrap()[0];
    assert_eq!(decoded(head), json!({ "typ": "at+jwt", "alg": "ES256", "kid": key.id.to_string() }));

    let user = ada.get("/api/users/currentuser").await.json()["currentUser"].clone();
    let mut claims = decoded(claims);
    let now = service.clock.now().as_second();
    for random in ["sid", "jti"] {
        assert_eq!(claims[random].as_str().unwrap().len(), 36);
        claims.as_object_mut().unwrap().remove(random);
    }
    let expected = json!({
        "iss": ORIGIN, "aud": "portcullis", "sub": user["id"], "email": user["email"], "email_verified": false,
        "roles": [], "amr": ["pwd"], "acr": "aal1", "auth_time": now, "iat": now, "exp": now + 600,
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn a_token_that_holds_is_told_with_its_user_and_session() {
    let service = Service::start().await;
    let (mut ada, token) = somebody(&service, "ada@example.org").await;
    let answer = verify(&service, &token).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    let claims = decoded(parts(&token)[1]);
    assert_eq!((&body["active"], &body["claims"]), (&json!(true), &claims));
    assert_eq!(body["user"], ada.get("/api/users/currentuser").await.json()["currentUser"]);
    assert_eq!(body["session"]["id"], claims["sid"]);
    assert_eq!(body["session"]["amr"], json!(["pwd"]));
    assert_eq!(body["session"]["acr"], "aal1");
    for time in ["authTime", "expiresAt"] {
        assert!(body["session"][time].as_str().unwrap().ends_with('Z'), "{body}");
    }
    assert_eq!(by_header(&service, &[&format!("Bearer {token}")]).await, (200, body));
}

async fn by_header(service: &Service, values: &[&str]) -> (u16, Value) {
    let url = format!("http://{}/v1/token/verify-header", service.internal);
    let mut request = reqwest::Client::new().post(url);
    for value in values {
        request = request.header("authorization", *value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn one_bearer_token_is_in_a_header_or_none() {
    let service = Service::start().await;
    let (_, token) = somebody(&service, "ada@example.org").await;
    let good = format!("Bearer {token}");
    assert_eq!(
        by_header(&service, &[&format!("bearer {token}")]).await.0,
        200,
        "schemes have no letter case"
    );
    let two_in_one = format!("{good}, {good}");
    let (status, body) = by_header(&service, &[]).await;
    assert_eq!(
        (status, &body["errors"][0]["code"]),
        (401, &json!("not_signed_in")),
        "there is nothing to look at"
    );
    for values in [
        &["Bearer"][..],
        &["Bearer "],
        &[&token],
        &[&format!("Basic {token}")],
        &[&format!("Bearer  {token}")],
        &[&two_in_one],
        &[&good, &good],
        &[&good, "Bearer x"],
    ] {
        let (status, body) = by_header(&service, values).await;
        assert_eq!((status, &body["errors"][0]["code"]), (401, &json!("token_invalid")), "{values:?}");
    }
}

#[tokio::test]
async fn a_body_without_a_token_is_no_request() {
    let service = Service::start().await;
    let mut inside = Browser::to(service.internal);
    for body in [json!({}), json!({ "token": null }), json!({ "token": 1 }), json!({ "token": ["a"] })] {
        let answer = inside.post("/v1/token/verify", body).await;
        assert_eq!((answer.status, answer.codes()), (400, vec!["token_required".to_owned()]));
    }
}

#[tokio::test]
async fn a_token_ends_on_the_second_and_not_a_moment_later() {
    let service = Service::start().await;
    let (_, token) = somebody(&service, "ada@example.org").await;
    service.clock.advance(SignedDuration::from_secs(599));
    assert_eq!(verify(&service, &token).await.status, 200);
    service.clock.advance(SignedDuration::from_secs(1));
    assert_refused(&service, &token, "token_expired").await;
}

#[tokio::test]
async fn a_token_does_not_outlive_its_session() {
    let service = Service::start().await;
    let (ada, _) = somebody(&service, "ada@example.org").await;
    for _ in 0..3 {
        service.clock.advance(SignedDuration::from_hours(9 * 24));
        token_of(&service, &ada).await;
    }
    service.clock.advance(SignedDuration::from_hours(3 * 24) - SignedDuration::from_secs(100));
    let claims = decoded(parts(&token_of(&service, &ada).await)[1]);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 100);
}

#[tokio::test]
async fn f_44_a_revoked_session_s_token_is_refused_at_once() {
    let service = Service::start().await;
    let (mut ada, token) = somebody(&service, "ada@example.org").await;
    assert_eq!(ada.sign_out().await.status, 200);
    assert_refused(&service, &token, "session_ended").await;
}

#[tokio::test]
async fn a_disabled_user_s_token_is_refused_at_once() {
    let service = Service::start().await;
    let (_, token) = somebody(&service, "ada@example.org").await;
    let email = Email::try_from("ada@example.org").unwrap();
    let user = service.store.user_by_email(&email).await.unwrap().unwrap();
    service.store.replace_user(&user.disable(service.clock.now())).await.unwrap();
    assert_refused(&service, &token, "session_ended").await;
}

#[tokio::test]
async fn whoami_takes_the_cookie_or_the_token_and_never_two_that_differ() {
    let service = Service::start().await;
    let (ada, token) = somebody(&service, "ada@example.org").await;
    let (_, others) = somebody(&service, "bob@example.org").await;
    let whoami = async |cookie: Option<&str>, token: Option<&str>| {
        let mut request = reqwest::Client::new().get(format!("http://{}/v1/whoami", service.internal));
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let cookie = ada.cookie.as_deref();
    for (cookie, bearer) in [(cookie, None), (None, Some(&*token)), (cookie, Some(&*token))] {
        let (status, body) = whoami(cookie, bearer).await;
        assert_eq!((status, &body["user"]["email"]), (200, &json!("ada@example.org")));
        assert_eq!(verify(&service, body["accessToken"].as_str().unwrap()).await.status, 200);
        assert_eq!(body["expiresIn"], 600);
    }
    for (cookie, bearer, status, code) in [
        (cookie, Some(&*others), 400, "credentials_differ"),
        (cookie, Some("forged"), 401, "token_invalid"),
        (Some("session=pcs_x"), None, 401, "not_signed_in"),
        (None, None, 401, "not_signed_in"),
    ] {
        let (answered, body) = whoami(cookie, bearer).await;
        assert_eq!((answered, &body["errors"][0]["code"]), (status, &json!(code)));
    }
}

/// As an ordinary library does it, with what is published and nothing else.
#[tokio::test]
async fn what_is_published_recognises_what_is_signed() {
    let service = Service::start().await;
    let (_, token) = somebody(&service, "ada@example.org").await;
    let answer = Browser::at(&service).get("/.well-known/jwks.json").await;
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let keys: JwkSet = serde_json::from_str(&answer.text).unwrap();
    let head = jsonwebtoken::decode_header(&token).unwrap();
    let key = DecodingKey::from_jwk(keys.find(&head.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["portcullis"]);
    validation.set_issuer(&[ORIGIN]);
    jsonwebtoken::decode::<Value>(&token, &key, &validation).unwrap();

    let mut members: Vec<_> = answer.json()["keys"][0].as_object().unwrap().keys().cloned().collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"], "nothing private");
    let head = reqwest::Client::new().head(format!("http://{}/.well-known/jwks.json", service.public));
    assert_eq!(head.send().await.unwrap().status().as_u16(), 200);
}

//! What the description of the API says of refusals and of where a call is served, compared with what is answered.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{
    browser::{Browser, PASSWORD},
    service::Service,
};

async fn described(service: &Service) -> Value {
    Browser::to(service.internal).get("/openapi.json").await.json()
}

/// What stands between backticks in the description of the answer 400.
fn codes(contract: &Value, path: &str) -> BTreeSet<String> {
    let description = &contract["paths"][path]["post"]["responses"]["400"]["description"];
    description.as_str().unwrap().split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn each_code_that_is_listed_is_answered_and_no_other() {
    let service = Service::start().await;
    let contract = described(&service).await;
    let mut ada = Browser::at(&service);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    let (long, no_object) = ("x".repeat(1025), json!([]));
    for (path, bodies) in [
        (
            "/api/users/signup",
            vec![
                json!({"email": "ada", "password": "", "mode": "both"}),
                json!({"email": "ada@example.org", "password": PASSWORD}),
                json!({"email": "eve@example.org", "password": "short"}),
                json!({"email": "eve@example.org", "password": long}),
                json!({"email": "eve@example.org", "password": "eve@example.org"}),
                json!({"email": "eve@example.org", "password": "baseball1"}),
                json!({"email": "eve@example.org", "password": "example2026"}),
                no_object.clone(),
            ],
        ),
        (
            "/api/users/signin",
            vec![
                json!({"email": "ada", "password": "", "mode": "both"}),
                json!({"email": "ada@example.org", "password": "wrong"}),
                json!({"email": "ada@example.org", "password": long}),
                no_object,
            ],
        ),
    ] {
        let mut answered = BTreeSet::new();
        for body in bodies {
            answered.extend(Browser::at(&service).post(path, body).await.codes());
        }
        assert_eq!(answered, codes(&contract, path), "{path}");
    }
}

#[tokio::test]
async fn each_call_is_described_with_the_listener_that_serves_it() {
    let service = Service::start().await;
    let contract = described(&service).await;
    assert!(contract.get("servers").is_none(), "no listener serves all of it");
    let (mut outside, mut inside) = (Browser::at(&service), Browser::to(service.internal));
    for (path, item) in contract["paths"].as_object().unwrap() {
        let (serves, other) = match item["servers"][0]["url"].as_str().unwrap() {
            "http://localhost:3000" => (&mut outside, &mut inside),
            "http://localhost:9000" => (&mut inside, &mut outside),
            unknown => panic!("{unknown}"),
        };
        assert_ne!(serves.get(path).await.status, 404, "{path}");
        assert_eq!(other.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_call_without_a_body_lists_no_refusal_of_one_and_a_body_says_what_it_must_have() {
    let contract = described(&Service::start().await).await;
    let refusals = |path: &str, method: &str| contract["paths"][path][method]["responses"].clone();
    for status in ["400", "403", "413", "415"] {
        assert!(refusals("/api/users/currentuser", "get").get(status).is_none(), "{status}");
    }
    assert!(refusals("/api/users/signout", "post").get("415").is_none());
    for body in ["SignUpBody", "SignInBody"] {
        let required = &contract["components"]["schemas"][body]["required"];
        assert_eq!(*required, json!(["email", "password"]), "{body}");
    }
}

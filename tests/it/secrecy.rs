//! No secret in a log, however much is logged.

use crate::support::{browser::Browser, folder::Folder, mongod, process::Process, service::KEY_SECRET};

const CANARY: &str = "canary-Zq7-password";

#[tokio::test]
async fn promise_5_asvs_16_2_5_no_secret_is_in_the_log_on_sqlite() {
    says_nothing(&[]).await;
}

#[tokio::test]
async fn promise_5_asvs_16_2_5_no_secret_is_in_the_log_on_mongodb() {
    let Some(set) = mongod::shared().await else { return };
    let url = set.url(&mongod::database_name());
    says_nothing(&[("PORTCULLIS_STORE_URL", &url)]).await;
}

async fn says_nothing(settings: &[(&str, &str)]) {
    let folder = Folder::new();
    let everything = ("PORTCULLIS_LOG_LEVEL", "trace");
    let settings: Vec<_> = settings.iter().copied().chain([everything]).collect();
    let mut process = Process::start(&folder, &settings);
    let sockets = process.ready();
    let mut ada = Browser::to(sockets.public);
    let sign_up = serde_json::json!({"email": "canary@example.org", "password": CANARY});
    assert_eq!(ada.post("/api/users/signup", sign_up.clone()).await.status, 201);
    let cookie = ada.cookie.clone().unwrap();
    let secret = cookie.split_once("pcs_").unwrap().1.to_owned();
    assert_eq!(ada.post("/api/users/signup", sign_up).await.status, 400);
    ada.sign_in("canary@example.org", &format!("{CANARY}-wrong")).await;
    ada.sign_in("canary@example.org", CANARY).await;
    ada.current_user().await;
    ada.get(&format!("/api/users/currentuser?token={CANARY}")).await;
    let mut inside = Browser::to(sockets.internal);
    inside.cookie.clone_from(&ada.cookie);
    let token = inside.get("/v1/whoami").await.json()["accessToken"].as_str().unwrap().to_owned();
    let answer = inside.post("/v1/token/verify", serde_json::json!({ "token": token })).await;
    assert_eq!(answer.status, 200);
    inside.post("/v1/token/verify", serde_json::json!({ "token": format!("{token}x") })).await;
    let signature = token.rsplit('.').next().unwrap();
    ada.sign_out().await;
    process.signal("TERM");
    process.end();

    assert!(process.said.iter().any(|line| line.contains("request answered")), "the log is on");
    for line in &process.said {
        for secret in [CANARY, &secret, "$scrypt$", "canary@example.org", KEY_SECRET, signature] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

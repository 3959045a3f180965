//! While the primary is dead, whoever is known is let through, and nobody waits for it.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use super::{BACK_WITHIN, ELECTION_TIMEOUT};
use crate::support::{
    browser::{Browser, PASSWORD},
    folder::Folder,
    mongod::ReplicaSet,
    process::Process,
    service::KEY_SECRET,
};

#[tokio::test]
async fn f_05_verification_goes_on_while_the_primary_is_dead() {
    let Some(set) = ReplicaSet::three(ELECTION_TIMEOUT).await else { return };
    let (folder, url) = (Folder::new(), set.url("auth"));
    let settings = [("PORTCULLIS_STORE_URL", url.as_str()), ("PORTCULLIS_KEY_SECRET", KEY_SECRET)];
    let mut service = Process::start(&folder, &settings);
    let sockets = service.ready();
    let (mut ada, mut program) = (Browser::to(sockets.public), Browser::to(sockets.public));
    ada.sign_up("ada@example.org").await;
    let account = json!({ "email": "ada@example.org", "password": PASSWORD, "mode": "token" });
    let tokens = program.post("/api/users/signin", account).await.json();
    let mut other_service = Browser::to(sockets.internal);
    other_service.token = tokens["accessToken"].as_str().map(str::to_owned);
    let checks = async |ada: &mut Browser, other_service: &mut Browser| {
        let begun = Instant::now();
        assert_eq!(ada.current_user().await.as_deref(), Some("ada@example.org"));
        let verified = other_service.post("/v1/token/verify-header", json!({})).await;
        assert_eq!(verified.status, 200, "{verified:?}");
        begun.elapsed()
    };
    checks(&mut ada, &mut other_service).await;

    let primary = set.primary().await.unwrap();
    set.kill(primary);

    let (killed, mut slowest, mut asked, mut back) = (Instant::now(), Duration::ZERO, 0, None);
    let mut refresh_token = tokens["refreshToken"].as_str().unwrap().to_owned();
    while killed.elapsed() < BACK_WITHIN + Duration::from_secs(2) {
        slowest = slowest.max(checks(&mut ada, &mut other_service).await);
        asked += 2;
        if back.is_none() && asked % 50 == 0 {
            let mut program = program.clone();
            let token = refresh_token.clone();
            let renewed =
                tokio::time::timeout(
                    Duration::from_millis(200),
                    async move { program.refresh(&token).await },
                );
            if let Ok(answer) = renewed.await
                && answer.status == 200
            {
                answer.json()["refreshToken"].as_str().unwrap().clone_into(&mut refresh_token);
                back = Some(killed.elapsed());
            }
        }
        sleep(Duration::from_millis(5)).await;
    }
    println!("{asked} checks, the slowest pair took {slowest:?}; a renewal went through after {back:?}");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    assert!(back.is_some_and(|back| back < BACK_WITHIN), "{back:?}");
}

//! MongoDB is missing at the start, or goes away later: waited for, answered 503, recovered from.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{
    browser::{Browser, PASSWORD},
    folder::Folder,
    mongod::{self, ReplicaSet},
    process::{Process, Sockets},
};

fn settings(url: &str) -> [(&str, &str); 1] {
    [("PORTCULLIS_STORE_URL", url)]
}

/// Asks until it is answered so.
async fn becomes(browser: &mut Browser, path: &str, status: u16, within: Duration) {
    let begun = Instant::now();
    while browser.get(path).await.status != status {
        assert!(begun.elapsed() < within, "{path} never became {status}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_store_that_is_missing_at_the_start_is_waited_for() {
    let Some(set) = ReplicaSet::one().await else { return };
    set.kill(0);
    let (folder, url) = (Folder::new(), set.url(&mongod::database_name()));
    // The ready line comes too late here, so the ports are chosen before.
    let sockets = free_sockets();
    let (public, internal) = (sockets.public.to_string(), sockets.internal.to_string());
    let mut process = Process::start(
        &folder,
        &[
            ("PORTCULLIS_STORE_URL", url.as_str()),
            ("PORTCULLIS_PUBLIC_LISTEN", &public),
            ("PORTCULLIS_INTERNAL_LISTEN", &internal),
        ],
    );
    process.hears(|line| line.contains("cannot be reached yet"));
    let (mut kubelet, mut ada) = (Browser::to(sockets.internal), Browser::to(sockets.public));
    assert_eq!(kubelet.get("/livez").await.status, 200, "alive");
    assert_eq!(kubelet.get("/readyz").await.status, 503, "not ready");
    assert_eq!(kubelet.get("/health").await.json()["status"], "degraded");
    let begun = Instant::now();
    let answer = ada.sign_up("ada@example.org").await;
    assert_eq!((answer.status, answer.codes()), (503, vec!["store_unavailable".to_owned()]));
    assert!(answer.header("retry-after").is_some());
    assert!(begun.elapsed() < Duration::from_secs(1), "refused at once: {:?}", begun.elapsed());

    set.restart(0).await;

    process.ready();
    assert_eq!(kubelet.get("/readyz").await.status, 200);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    let complaints = process.said.iter().filter(|line| line.contains("cannot be reached yet")).count();
    assert!(complaints <= 40, "once a second at most: {complaints}");
}

#[tokio::test]
async fn a_cluster_whose_name_is_not_known_yet_is_waited_for_as_well() {
    for url in ["mongodb+srv://ada:hunter2@cluster.invalid/auth", "mongodb://ada:hunter2@mongo.invalid/auth"]
    {
        let (folder, sockets) = (Folder::new(), free_sockets());
        let internal = sockets.internal.to_string();
        let mut process = Process::start(
            &folder,
            &[("PORTCULLIS_STORE_URL", url), ("PORTCULLIS_INTERNAL_LISTEN", &internal)],
        );
        for _ in 0..2 {
            let said = process.hears(|line| line.contains("cannot be reached yet"));
            assert!(said.contains(".invalid"), "the cause: {said}");
        }
        let mut kubelet = Browser::to(sockets.internal);
        assert_eq!(kubelet.get("/livez").await.status, 200, "alive");
        assert_eq!(kubelet.get("/readyz").await.status, 503, "not ready");
        process.signal("TERM");
        assert_eq!(process.end().code(), Some(0));
        assert!(!process.said.iter().any(|line| line.contains("hunter2")), "{:?}", process.said);
    }
}

#[tokio::test]
async fn a_url_that_can_lead_nowhere_is_refused_at_once() {
    for url in [
        "mongodb+srv://ada:hunter2@cluster.invalid:27017/auth",
        "mongodb+srv://ada:hunter2@a.invalid,b.invalid/auth",
        "mongodb://ada:hun:ter2@mongo.invalid/auth",
        "mongodb://ada:hunter2@a.invalid,b.invalid/auth?directConnection=true",
    ] {
        let folder = Folder::new();
        let mut process = Process::start(&folder, &[("PORTCULLIS_STORE_URL", url)]);
        process.hears(|line| line.contains("the store's URL cannot be understood"));
        assert_eq!(process.end().code(), Some(1), "{url}");
        assert!(!process.said.iter().any(|line| line.contains("ter2")), "{:?}", process.said);
    }
}

fn free_sockets() -> Sockets {
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    Sockets { public: free(), internal: free() }
}

#[tokio::test]
async fn f_05_r_29_a_store_that_is_lost_is_answered_503_and_recovered_from() {
    let Some(set) = ReplicaSet::one().await else { return };
    let (folder, url) = (Folder::new(), set.url(&mongod::database_name()));
    let mut process = Process::start(&folder, &settings(&url));
    let sockets = process.ready();
    let mut ada = Browser::to(sockets.public);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);

    set.kill(0);

    let mut signing_out = ada.clone();
    for (path, body) in [
        ("/api/users/signin", json!({"email": "ada@example.org", "password": PASSWORD})),
        ("/api/users/signup", json!({"email": "eve@example.org", "password": PASSWORD})),
        ("/api/users/signout", json!({})),
    ] {
        let begun = Instant::now();
        let answer = signing_out.post(path, body).await;
        assert_eq!(answer.status, 503, "{path}");
        let codes = answer.codes();
        assert!(codes == ["store_unavailable"] || codes == ["outcome_unknown"], "{path}: {codes:?}");
        assert!(answer.header("retry-after").is_some(), "{path}");
        assert!(begun.elapsed() < Duration::from_millis(5_500), "{path}: {:?}", begun.elapsed());
        for inside in ["mongo", "server", "127.0.0.1", "socket", "os error"] {
            assert!(!answer.text.to_lowercase().contains(inside), "asvs_16_5_1: {}", answer.text);
        }
        if path.ends_with("signout") {
            assert!(
                answer.set_cookie().unwrap().contains("Max-Age=0"),
                "the browser is done with it all the same"
            );
            assert!(answer.header("clear-site-data").is_some(), "and with what it was shown");
        }
    }
    assert_eq!(Browser::to(sockets.internal).get("/livez").await.status, 200, "no reason to restart us");

    set.restart(0).await;

    becomes(&mut ada, "/api/users/currentuser", 200, Duration::from_secs(20)).await;
    assert_eq!(
        ada.current_user().await.as_deref(),
        Some("ada@example.org"),
        "what could not be ended still holds"
    );
    let answer = Browser::to(sockets.public).sign_up("eve@example.org").await;
    assert!(answer.status == 201 || answer.codes() == ["email_in_use"], "as unknown as it was said to be");
}

#[tokio::test]
async fn f_02_a_store_that_hangs_is_given_up_at_the_deadline() {
    let Some(set) = ReplicaSet::one().await else { return };
    let (folder, url) = (Folder::new(), set.url(&mongod::database_name()));
    let mut process = Process::start(&folder, &settings(&url));
    let sockets = process.ready();
    let mut ada = Browser::to(sockets.public);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);

    set.freeze(0);
    for path in ["/api/users/currentuser", "/readyz"] {
        let begun = Instant::now();
        let status = if path == "/readyz" {
            Browser::to(sockets.internal).get(path).await.status
        } else {
            ada.get(path).await.status
        };
        assert!(begun.elapsed() < Duration::from_millis(5_500), "{path}: {:?}", begun.elapsed());
        assert_eq!(status, if path == "/readyz" { 200 } else { 503 }, "{path}");
    }
    for (path, email) in [("/api/users/signin", "ada@example.org"), ("/api/users/signup", "eve@example.org")]
    {
        let begun = Instant::now();
        let answer =
            Browser::to(sockets.public).post(path, json!({"email": email, "password": PASSWORD})).await;
        assert!(begun.elapsed() < Duration::from_millis(5_500), "{path}: {:?}", begun.elapsed());
        let codes = answer.codes();
        if path.ends_with("signin") {
            assert_eq!(codes, ["store_unavailable"], "it has only been reading");
        } else {
            assert!(codes == ["store_unavailable"] || codes == ["outcome_unknown"], "{codes:?}");
        }
    }
    let said = process.hears(|line| line.contains("the store does not answer"));
    assert!(
        said.contains("\"cause\":\"nobody knows whether it happened: ")
            || said.contains("\"cause\":\"the store is"),
        "{said}"
    );
    set.thaw(0);

    becomes(&mut ada, "/api/users/currentuser", 200, Duration::from_secs(15)).await;
    assert_eq!(ada.current_user().await.as_deref(), Some("ada@example.org"));
}

#[tokio::test]
async fn promise_3_an_account_whose_session_could_not_be_written_is_not_said_to_be_missing() {
    let Some(set) = ReplicaSet::one().await else { return };
    let database = mongod::database_name();
    let (folder, url) = (Folder::new(), set.url(&database));
    let mut process = Process::start(&folder, &settings(&url));
    let sockets = process.ready();
    let fail = |mode: mongodb::bson::Bson| {
        mongodb::bson::doc! {
            "configureFailPoint": "failCommand", "mode": mode,
            "data": {
                "failCommands": ["insert"], "namespace": format!("{database}.sessions"),
                "errorCode": 10107, "errorLabels": ["NoWritesPerformed"],
            },
        }
    };
    let admin = set.client().await.database("admin");
    admin.run_command(fail("alwaysOn".into())).await.unwrap();
    let answer = Browser::to(sockets.public).sign_up("ada@example.org").await;
    admin.run_command(fail("off".into())).await.unwrap();

    assert_eq!((answer.status, answer.codes()), (503, vec!["outcome_unknown".to_owned()]));
    assert_eq!(
        Browser::to(sockets.public).sign_in("ada@example.org", PASSWORD).await.status,
        200,
        "she is there"
    );
}

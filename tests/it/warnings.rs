//! What will not do for long is told before anybody feels it: by `/health`, by the figures and by the doctor, with the fault made real.

use std::{process::Output, sync::Arc, time::Duration};

use futures_util::future::join_all;
use jiff::SignedDuration;
use mongodb::{
    Client,
    bson::{Document, doc},
    options::ClientOptions,
};
use portcullis::{
    domain::clock::Clock,
    flows::vitals::take_vitals,
    store::{Store, mongo::MongoStore},
    system::{clock::SystemClock, entropy::OsEntropy},
};
use serde_json::Value;

use crate::support::{
    browser::Browser,
    clock::FrozenClock,
    figures::Figures,
    folder::Folder,
    mongod::{self, ReplicaSet},
    patience::until,
    people::email,
    process::run,
    replica::{Serving, replica},
    service::Service,
};

fn open(url: &str) -> Arc<dyn Store> {
    Arc::new(MongoStore::open(url, Arc::new(OsEntropy)).unwrap())
}

/// Set up, and for one whose clock is right.
async fn store_of(url: &str) -> Arc<dyn Store> {
    let store = open(url);
    let now = SystemClock::start().now();
    until("the store is open", async || store.migrate(now).await.is_ok()).await;
    store
}

/// What the doctor says about the store.
fn doctor(url: &str) -> String {
    let Output { stdout, .. } = run(
        &Folder::new(),
        &["doctor", "--json"],
        &[("PORTCULLIS_STORE_URL", url), ("PORTCULLIS_INTERNAL_LISTEN", "127.0.0.1:1")],
    );
    let answer: Value = serde_json::from_slice(&stdout).unwrap();
    let of_store =
        answer["findings"].as_array().unwrap().iter().filter(|finding| finding["check"] == "store");
    of_store
        .flat_map(|finding| {
            [finding["state"].as_str().unwrap(), " ", finding["what"].as_str().unwrap(), "\n"]
        })
        .collect()
}

async fn warnings(internal: std::net::SocketAddr) -> String {
    let health = Browser::to(internal).get("/health").await.json();
    assert_eq!(health["status"], "healthy", "a warning is no outage: {health}");
    for warning in health["warnings"].as_array().unwrap() {
        assert!(!warning["advice"].as_str().unwrap().is_empty(), "{warning}");
    }
    health["warnings"].to_string()
}

async fn administer(client: &Client, command: Document) {
    client.database("admin").run_command(command).await.unwrap();
}

#[tokio::test]
async fn a_dropped_index_and_a_wrong_clock_are_told() {
    let Some(set) = mongod::shared().await else { return };
    let name = mongod::database_name();
    let url = set.url(&name);
    let store = store_of(&url).await;
    assert!(!doctor(&url).contains("index"), "{}", doctor(&url));
    let sessions = set.client().await.database(&name).collection::<Document>("sessions");
    sessions.drop_index("secretDigest_1").await.unwrap();
    assert!(doctor(&url).contains("wrong it lacks the index sessions (secretDigest)"), "{}", doctor(&url));

    let clock = FrozenClock::new();
    let services = replica(&store, &clock, SignedDuration::ZERO);
    take_vitals(&services).await.unwrap();
    let serving = Serving::start(services);
    let told = Browser::to(serving.internal).get("/health").await.json()["warnings"].to_string();
    assert!(told.contains("sessions (secretDigest)") && told.contains("behind this machine"), "{told}");
    let figures = Figures::of(serving.internal).await;
    assert!((figures.get("portcullis_store_missing_indexes") - 1.0).abs() < f64::EPSILON);
    assert!(figures.get("portcullis_store_clock_skew_seconds") < -1e9, "{}", figures.text);
    assert!(
        (0.0..=1.0).contains(&figures.get("portcullis_store_storage_ratio"))
            && figures.has("portcullis_store_storage_ratio")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_command_that_is_slow_again_and_again_is_told_by_its_name() {
    let Some(set) = ReplicaSet::one().await else { return };
    let store = store_of(&set.url(&mongod::database_name())).await;
    let service = Service::on(Arc::clone(&store)).await;
    assert!(!warnings(service.internal).await.contains("the command find"));
    let block = doc! { "failCommands": ["find"], "blockConnection": true, "blockTimeMS": 150 };
    administer(
        &set.client().await,
        doc! { "configureFailPoint": "failCommand", "mode": "alwaysOn", "data": block },
    )
    .await;
    let email = email("canary@example.org");
    join_all((0..60).map(|_| store.user_by_email(&email))).await;
    let told = warnings(service.internal).await;
    assert!(told.contains("the command find took longer than 100 ms"), "{told}");
    let figures = Figures::of(service.internal).await;
    let slow = figures.get("portcullis_store_slow_commands_total{store=\"mongodb\",command=\"find\"}");
    assert!(slow >= 60.0, "{}", figures.text);
    assert!(!told.contains("canary") && !figures.text.contains("canary"));
    let at = service.internal.to_string();
    let found = run(&Folder::new(), &["doctor", "--json"], &[("PORTCULLIS_INTERNAL_LISTEN", at.as_str())]);
    assert!(String::from_utf8_lossy(&found.stdout).contains("warns: the command find"), "{found:?}");
    administer(&set.client().await, doc! { "configureFailPoint": "failCommand", "mode": "off" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_member_that_does_not_keep_up_is_told_until_it_does() {
    let Some(set) = ReplicaSet::three(Duration::from_secs(10)).await else { return };
    let url = set.url(&mongod::database_name());
    let store = store_of(&url).await;
    let lag = async || store.vitals().await.unwrap().lag;
    until("both others are heard of", async || lag().await.is_some_and(|lag| lag < Duration::from_secs(10)))
        .await;
    let behind = (set.primary().await.unwrap() + 1) % 3;
    let secondary = set.client_of(behind).await;
    administer(&secondary, doc! { "configureFailPoint": "rsSyncApplyStop", "mode": "alwaysOn" }).await;
    until("it is behind", async || {
        store.probe(SystemClock::start().now()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        lag().await.is_some_and(|lag| lag > Duration::from_secs(12))
    })
    .await;
    administer(&secondary, doc! { "configureFailPoint": "rsSyncApplyStop", "mode": "off" }).await;
    until("it has caught up", async || {
        store.probe(SystemClock::start().now()).await.unwrap();
        lag().await.is_some_and(|lag| lag < Duration::from_secs(10))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn too_many_connections_are_told_and_a_young_oplog_is_not() {
    let Some(set) = ReplicaSet::one_with(&["--maxConns=100"]).await else { return };
    let url = set.url(&mongod::database_name());
    let store = store_of(&url).await;
    let vitals = store.vitals().await.unwrap();
    assert_eq!(vitals.oplog, None, "it is young, and reaches back as far as there is anything");
    assert!(vitals.connections.unwrap().ratio() < 0.8 && vitals.untold.is_empty(), "{vitals:?}");

    let mut options = ClientOptions::parse(set.url("admin")).await.unwrap();
    (options.min_pool_size, options.max_pool_size) = (Some(85), Some(85));
    let crowd = Client::with_options(options).unwrap();
    administer(&crowd, doc! { "ping": 1 }).await;
    let crowded = async || store.vitals().await.unwrap().connections.unwrap().ratio() > 0.8;
    until("it is crowded", crowded).await;
    let told = doctor(&url);
    assert!(told.contains("connections of 100") && !told.contains("oplog"), "{told}");
}

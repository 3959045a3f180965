//! MongoDB answers, and is not the replica set that the URL asks for: said with what to do, and waited for.

use std::time::Duration;

use crate::support::{
    browser::Browser,
    folder::Folder,
    mongod::{self, ReplicaSet},
    process::Process,
};

const AT_ONCE: Duration = Duration::from_secs(1);

/// Waits for the line that says so, which is the same as when nobody answers but for its cause.
fn hears_why(process: &mut Process, why: &str) {
    let line = process.hears(|line| line.contains(why));
    assert!(line.contains("\"level\":\"WARN\"") && line.contains("cannot be reached yet"), "{line}");
}

#[tokio::test]
async fn a_member_that_nobody_initiated_is_told_from_an_outage_and_waited_for() {
    let Some(set) = ReplicaSet::to_be().await else { return };
    let url = set.url(&mongod::database_name());
    let without_a_name = url.split('?').next().unwrap();
    for url in [url.as_str(), without_a_name] {
        let (folder, settings) = (Folder::new(), [("PORTCULLIS_STORE_URL", url)]);
        hears_why(&mut Process::start(&folder, &settings), "belongs to no replica set yet");
    }
    let (folder, settings) = (Folder::new(), [("PORTCULLIS_STORE_URL", url.as_str())]);
    let mut process = Process::start(&folder, &settings);
    hears_why(&mut process, "rs.initiate()");
    set.initiate(AT_ONCE).await;
    process.ready();
}

#[tokio::test]
async fn a_server_that_runs_alone_is_told_from_an_outage_and_waited_for() {
    let Some(set) = ReplicaSet::to_be().await else { return };
    set.kill(0);
    set.restart_alone(0).await;
    let (folder, url) = (Folder::new(), set.url(&mongod::database_name()));
    let mut process = Process::start(&folder, &[("PORTCULLIS_STORE_URL", &url)]);
    hears_why(&mut process, "start it with --replSet tests and initiate it");
    set.kill(0);
    set.restart(0).await;
    set.initiate(AT_ONCE).await;
    let sockets = process.ready();
    assert_eq!(Browser::to(sockets.public).sign_up("ada@example.org").await.status, 201);
}

#[tokio::test]
async fn a_set_of_another_name_is_told_from_an_outage() {
    let Some(set) = mongod::shared().await else { return };
    let url = set.url(&mongod::database_name()).replace("replicaSet=tests", "replicaSet=rs0");
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[("PORTCULLIS_STORE_URL", &url)]);
    hears_why(&mut process, "put replicaSet=tests into the URL");
    hears_why(&mut process, "put replicaSet=tests into the URL");
}

//! While the store cannot count, or its primary dies: the limit holds, or nothing is looked at.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use mongodb::bson::{Document, doc};
use portcullis::{
    store::{
        Store,
        mongo::MongoStore,
        sqlite::{Location, SqliteStore},
    },
    system::entropy::OsEntropy,
};
use rusqlite::Connection;
use tokio::time::sleep;

use super::{ADA, ON, guess};
use crate::support::{
    browser::{Browser, PASSWORD},
    figures::Figures,
    folder::Folder,
    mongod::{self, ReplicaSet},
    patience::until,
    process::{Process, Sockets},
    service::{KEY_SECRET, Service},
};

const ELECTION_TIMEOUT: Duration = Duration::from_secs(2);
/// Until long after there is another primary.
const LASTS: Duration = Duration::from_secs(9);

/// How many hashes it has computed.
async fn hashes(replicas: [Sockets; 2]) -> f64 {
    let of = async |replica: Sockets| {
        Figures::of(replica.internal).await.get("portcullis_hashing_time_seconds_count")
    };
    of(replicas[0]).await + of(replicas[1]).await
}

/// Neither the right password nor a wrong one.
async fn nothing_is_looked_at(service: &Service) {
    let hashes = async || Figures::of(service.internal).await.get("portcullis_hashing_time_seconds_count");
    let (before, mut browser) = (hashes().await, Browser::at(service));
    for password in [PASSWORD, "a wrong password"] {
        let answer = browser.sign_in(ADA, password).await;
        assert!(answer.status >= 500, "{answer:?}");
    }
    assert_eq!(hashes().await, before);
}

#[tokio::test]
async fn where_sqlite_cannot_count_no_password_is_looked_at() {
    let folder = Folder::new();
    let file = folder.file("portcullis.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(Location::File(file.clone())).unwrap());
    let service = Service::with(store, &[ON]).await;
    Browser::at(&service).sign_up(ADA).await;
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON attempts BEGIN SELECT RAISE(FAIL, 'broken'); END";
    Connection::open(file).unwrap().execute_batch(broken).unwrap();
    nothing_is_looked_at(&service).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn where_mongodb_cannot_count_no_password_is_looked_at() {
    let Some(set) = ReplicaSet::one().await else { return };
    let url = set.url(&mongod::database_name());
    let store: Arc<dyn Store> = Arc::new(MongoStore::open(&url, Arc::new(OsEntropy)).unwrap());
    let service = Service::with(store, &[ON]).await;
    Browser::at(&service).sign_up(ADA).await;
    let administer = async |mode: &str| {
        let fails = doc! { "failCommands": ["findAndModify"], "closeConnection": true };
        let command = doc! { "configureFailPoint": "failCommand", "mode": mode, "data": fails };
        let done = set.client().await.database("admin").run_command(command).await;
        let _: Document = done.unwrap();
    };
    administer("alwaysOn").await;
    nothing_is_looked_at(&service).await;
    administer("off").await;
}

/// A hash that had begun and is not there in time is thrown away, and was no try: only where hashing gets no processor is more
/// computed than is looked at.
mod alone {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn f_43_with_the_primary_killed_amid_two_hundred_guesses_the_limit_holds() {
        let Some(set) = ReplicaSet::three(ELECTION_TIMEOUT).await else { return };
        let (folder, url) = (Folder::new(), set.url("auth"));
        let settings = [("PORTCULLIS_STORE_URL", url.as_str()), ("PORTCULLIS_KEY_SECRET", KEY_SECRET), ON];
        let mut processes = [Process::start(&folder, &settings), Process::start(&folder, &settings)];
        let replicas = processes.each_mut().map(Process::ready);
        Browser::to(replicas[0].public).sign_up(ADA).await;
        let before = hashes(replicas).await;
        let browsers: Vec<_> = (0..200).map(|number| Browser::to(replicas[number % 2].public)).collect();

        let begun = Instant::now();
        let guesses = join_all(browsers.into_iter().map(|mut eve| async move {
            let mut seen = Vec::new();
            while begun.elapsed() < LASTS {
                seen.push(guess(&mut eve, ADA).await.status);
                sleep(Duration::from_millis(200)).await;
            }
            seen
        }));
        let primary = set.primary().await.unwrap();
        let kill = async {
            sleep(Duration::from_millis(30)).await;
            set.kill(primary);
        };
        let (guesses, ()) = tokio::join!(guesses, kill);

        let looked_at = hashes(replicas).await - before;
        // Five, and one more a second after them, two after that one, and so on.
        let may = 5.0 + (begun.elapsed().as_secs_f64() + 1.0).log2().floor();
        let seen = |status| guesses.iter().flatten().filter(|seen| **seen == status).count();
        let (wrong, throttled, unavailable) = (seen(400), seen(429), seen(503));
        println!(
            "{looked_at} of {may} hashes; {wrong} wrong, {throttled} throttled, {unavailable} unavailable"
        );
        assert!(looked_at <= may, "{looked_at} of {may}");
        assert_eq!(wrong + throttled + unavailable, guesses.iter().flatten().count(), "{guesses:?}");
        assert!(guesses.iter().all(|seen| !seen.is_empty()), "{guesses:?}");
        assert_ne!(set.primary().await, Some(primary), "there is another one by now");
        let (mut eve, before) = (Browser::to(replicas[0].public), hashes(replicas).await);
        until("passwords are looked at again", async || {
            let status = guess(&mut eve, ADA).await.status;
            assert!([400, 429, 503].contains(&status), "{status}");
            status == 400
        })
        .await;
        assert_eq!(hashes(replicas).await - before, 1.0);
    }
}

//! Streams over a replica that is killed, and over a primary that is: no event is missed, and none comes twice.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::{Client, Method};
use serde_json::json;
use tokio::{task::JoinHandle, time::sleep};

use super::{Stream, own};
use crate::support::{
    browser::Browser,
    folder::Folder,
    mongod::{self, ReplicaSet},
    patience::until,
    process::{Process, Sockets},
};

/// Enough before something dies, and after.
const SOME: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_missed_where_the_replica_is_killed_on_sqlite() {
    over_a_killed_replica(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_missed_where_the_replica_is_killed_on_mongodb() {
    let Some(set) = mongod::shared().await else { return };
    let url = set.url(&mongod::database_name());
    over_a_killed_replica(&[("PORTCULLIS_STORE_URL", &url)]).await;
}

async fn over_a_killed_replica(settings: &[(&str, &str)]) {
    let folder = Folder::new();
    let mut process = Process::start(&folder, settings);
    let sockets = process.ready();
    // The next one listens where this one did, as behind a service's address.
    let (public, internal) = (sockets.public.to_string(), sockets.internal.to_string());
    let again: Vec<_> = settings
        .iter()
        .copied()
        .chain([("PORTCULLIS_PUBLIC_LISTEN", &*public), ("PORTCULLIS_INTERNAL_LISTEN", &*internal)])
        .collect();
    let scene = Scene::begin(sockets, sockets).await;
    for _ in 0..2 {
        scene.some_more().await;
        process.kill();
        sleep(Duration::from_millis(300)).await;
        process = Process::start(&folder, &again);
        process.ready();
    }
    scene.some_more().await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_missed_where_the_primary_is_killed() {
    let Some(set) = ReplicaSet::three(Duration::from_secs(3)).await else { return };
    let (folders, url) = ([Folder::new(), Folder::new()], set.url("auth"));
    let settings = [("PORTCULLIS_STORE_URL", url.as_str())];
    let mut replicas = folders.each_ref().map(|folder| Process::start(folder, &settings));
    let sockets = replicas.each_mut().map(Process::ready);
    // One is asked to do things, and the other is listened to.
    let scene = Scene::begin(sockets[0], sockets[1]).await;
    scene.some_more().await;
    let primary = set.primary().await.unwrap();
    set.kill(primary);
    sleep(Duration::from_secs(1)).await;
    set.restart(primary).await;
    scene.some_more().await;
    scene.end().await;
}

struct Scene {
    ada: Browser,
    over: Arc<AtomicBool>,
    work: JoinHandle<usize>,
    listening: JoinHandle<()>,
    heard: Arc<AtomicUsize>,
}

impl Scene {
    async fn begin(works: Sockets, listens: Sockets) -> Self {
        let mut ada = Browser::to(works.public);
        assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
        let (over, heard) = (Arc::<AtomicBool>::default(), Arc::default());
        let first = loop {
            if let Ok(stream) = Stream::try_open(own(&Client::new(), listens.public, &ada), Some("0")).await {
                break stream;
            }
            sleep(Duration::from_millis(50)).await;
        };
        let work = tokio::spawn(work(works.public, Arc::clone(&over)));
        let listening = tokio::spawn(listen(first, listens.public, ada.clone(), Arc::clone(&heard)));
        Self { ada, over, work, listening, heard }
    }

    async fn some_more(&self) {
        let before = self.heard.load(Ordering::Relaxed);
        until("more has been heard", async || self.heard.load(Ordering::Relaxed) >= before + SOME).await;
    }

    /// Compares what was told with what pages say.
    async fn end(mut self) {
        self.over.store(true, Ordering::Relaxed);
        let refused = self.work.await.unwrap();
        let mut stored = Vec::new();
        let mut before = String::new();
        loop {
            let page = self.ada.get(&format!("/api/users/events?limit=100{before}")).await.json();
            stored.extend(page["events"].as_array().unwrap().iter().map(|event| event["id"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            before = format!("&before={next}");
        }
        let expected = stored.len();
        until("all has been heard", async || self.heard.load(Ordering::Relaxed) >= expected).await;
        assert!(!self.listening.is_finished(), "what was told was out of order, or came twice");
        self.listening.abort();
        assert!(refused >= 2 * SOME, "there was something to miss: {refused}");
        assert!(stored.len() >= refused, "{} of {refused} that were answered", stored.len());
    }
}

/// Is refused again and again, and counts the refusals that were answered: each was written down before.
async fn work(public: SocketAddr, over: Arc<AtomicBool>) -> usize {
    let (mut browser, mut refused) = (Browser::to(public), 0);
    let wrong = json!({ "email": "ada@example.org", "password": "wrong" });
    while !over.load(Ordering::Relaxed) {
        match browser.try_ask(Method::POST, "/api/users/signin", Some(wrong.clone())).await {
            Some(answer) if answer.status == 400 => refused += 1,
            _ => sleep(Duration::from_millis(50)).await,
        }
    }
    refused
}

/// Comes back whenever it is cut off, with the last id it heard; hears each event once.
async fn listen(mut stream: Stream, public: SocketAddr, ada: Browser, heard: Arc<AtomicUsize>) {
    let (mut place, mut seen, client) = (0, HashSet::new(), Client::new());
    loop {
        while let Some(told) = stream.next().await {
            let next: u64 = told.id.parse().unwrap();
            assert!(place < next, "in their order");
            assert!(seen.insert(told.body["id"].clone()), "twice: {told:?}");
            place = next;
            heard.fetch_add(1, Ordering::Relaxed);
        }
        let last = stream.last.clone();
        stream = loop {
            match Stream::try_open(own(&client, public, &ada), last.as_deref()).await {
                Ok(stream) => break stream,
                Err(400) => panic!("a place that was told is not known: {last:?}"),
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        };
    }
}

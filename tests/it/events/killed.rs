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

use reqwest::{Client, Method, RequestBuilder};
use serde_json::json;
use tokio::{task::JoinHandle, time::sleep};

use super::{Stream, own};
use crate::support::{
    browser::{Browser, PASSWORD},
    folder::Folder,
    mongod::{self, ReplicaSet},
    patience::until,
    process::{Process, Sockets, run},
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
    let scene = Scene::begin(sockets, sockets, &folder, settings).await;
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
    let scene = Scene::begin(sockets[0], sockets[1], &folders[0], &settings).await;
    scene.some_more().await;
    let primary = set.primary().await.unwrap();
    set.kill(primary);
    sleep(Duration::from_secs(1)).await;
    set.restart(primary).await;
    scene.some_more().await;
    scene.end().await;
}

struct Scene {
    over: Arc<AtomicBool>,
    work: JoinHandle<usize>,
    /// Of one user, and of all.
    listeners: [Listener; 2],
}

/// Somebody who follows, and may ask for pages of the same.
struct Listener {
    asks: Browser,
    path: &'static str,
    heard: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Scene {
    async fn begin(works: Sockets, listens: Sockets, folder: &Folder, settings: &[(&str, &str)]) -> Self {
        let mut ada = Browser::to(works.public);
        assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
        assert_eq!(Browser::to(works.public).sign_up("grace@example.org").await.status, 201);
        let made = run(folder, &["users", "roles", "grace@example.org", "admin"], settings);
        assert_eq!(made.status.code(), Some(0), "{made:?}");
        let wish = json!({ "email": "grace@example.org", "password": PASSWORD, "mode": "token" });
        let tokens = Browser::to(works.public).post("/api/users/signin", wish).await.json();
        let mut grace = Browser::to(listens.internal);
        grace.token = Some(tokens["accessToken"].as_str().unwrap().to_owned());
        let over = Arc::<AtomicBool>::default();
        let work = tokio::spawn(work(works.public, Arc::clone(&over)));
        let (client, cookie) = (Client::new(), ada.clone());
        let own = move || own(&client, listens.public, &cookie);
        let (client, token) = (Client::new(), grace.token.clone().unwrap());
        let all =
            move || client.get(format!("http://{}/admin/v1/events", listens.internal)).bearer_auth(&token);
        let listeners =
            [Listener::begin(ada, "/api/users/events", own), Listener::begin(grace, "/admin/v1/events", all)];
        Self { over, work, listeners }
    }

    async fn some_more(&self) {
        for Listener { heard, .. } in &self.listeners {
            let before = heard.load(Ordering::Relaxed);
            until("more has been heard", async || heard.load(Ordering::Relaxed) >= before + SOME).await;
        }
    }

    /// Compares what was told with what pages say.
    async fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        let refused = self.work.await.unwrap();
        assert!(refused >= 2 * SOME, "there was something to miss: {refused}");
        for listener in self.listeners {
            let stored = listener.end().await;
            assert!(stored >= refused, "{stored} of {refused} that were answered");
        }
    }
}

impl Listener {
    fn begin(
        asks: Browser,
        path: &'static str,
        request: impl Fn() -> RequestBuilder + Send + Sync + 'static,
    ) -> Self {
        let heard = Arc::default();
        let task = tokio::spawn(listen(request, path.starts_with("/admin"), Arc::clone(&heard)));
        Self { asks, path, heard, task }
    }

    /// Once all was heard that pages have; how many that is.
    async fn end(mut self) -> usize {
        let (mut stored, mut before) = (0, String::new());
        loop {
            let page = self.asks.get(&format!("{}?limit=100{before}", self.path)).await.json();
            stored += page["events"].as_array().unwrap().len();
            let Some(next) = page["next"].as_str() else { break };
            before = format!("&before={next}");
        }
        until("all has been heard", async || self.heard.load(Ordering::Relaxed) >= stored).await;
        assert!(
            !self.task.is_finished(),
            "what was told was out of order, came twice, or left something out"
        );
        self.task.abort();
        stored
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

/// Comes back whenever it is cut off, with the last id it heard; hears each event once, and of all events each place.
async fn listen(request: impl Fn() -> RequestBuilder, all: bool, heard: Arc<AtomicUsize>) {
    let (mut place, mut seen, mut last) = (0, HashSet::new(), "0".to_owned());
    loop {
        let mut stream = match Stream::try_open(request(), Some(&last)).await {
            Ok(stream) => stream,
            Err(400) => panic!("a place that was told is not known: {last}"),
            Err(_) => {
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        while let Some(told) = stream.next().await {
            let next: u64 = told.id.parse().unwrap();
            assert!(if all { place + 1 == next } else { place < next }, "{next} comes after {place}");
            assert!(seen.insert(told.body["id"].clone()), "twice: {told:?}");
            place = next;
            heard.fetch_add(1, Ordering::Relaxed);
        }
        last = stream.last.unwrap();
    }
}

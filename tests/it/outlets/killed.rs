//! Every event arrives at NATS and at a webhook, whoever is away or killed meanwhile, and nobody who signs in notices.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{
    browser::Browser,
    folder::Folder,
    mongod,
    nats_server::NatsServer,
    patience::until,
    process::Process,
    receiver::{Answer, Receiver},
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Enough before something dies, and after.
const SOME: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_15_every_event_goes_out_whoever_dies_on_sqlite() {
    whoever_dies(&[], 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_15_every_event_goes_out_whoever_dies_on_mongodb() {
    let Some(set) = mongod::shared().await else { return };
    let url = set.url(&mongod::database_name());
    whoever_dies(&[("PORTCULLIS_STORE_URL", &url)], 2).await;
}

async fn whoever_dies(settings: &[(&str, &str)], replicas: usize) {
    let Some(mut nats) = NatsServer::start() else { return };
    nats.stream("portcullis.events", &json!({}));
    let receiver = Receiver::start(|_| Answer::Status(204)).await;
    let at = format!("nats://127.0.0.1:{}", nats.port());
    let url = format!("http://127.0.0.1:{}/events", receiver.port);
    let receivers = json!([{ "name": "audit", "url": url, "secrets": [SECRET] }]).to_string();
    let own = [
        ("PORTCULLIS_NATS_URL", &*at),
        ("PORTCULLIS_WEBHOOKS_RECEIVERS", &*receivers),
        ("PORTCULLIS_WEBHOOKS_NETWORKS", "127.0.0.0/8"),
    ];
    let settings: Vec<_> = settings.iter().copied().chain(own).collect();
    // What they keep on disk is theirs together where it is SQLite's.
    let folder = Folder::new();
    let mut running: Vec<_> = (0..replicas).map(|_| Process::start(&folder, &settings)).collect();
    let mut sockets: Vec<_> = running.iter_mut().map(|process| process.ready().public).collect();
    let mut ada = Browser::to(sockets[0]);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    until("both hear of it", async || {
        refuse(sockets[0], 1).await;
        !nats.kept().is_empty() && !receiver.heard().is_empty()
    })
    .await;

    refuse(sockets[0], SOME).await;
    nats.stop();
    let begun = Instant::now();
    refuse(sockets[0], SOME).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits for NATS: {:?}", begun.elapsed());
    nats.start_again("");
    refuse(sockets[0], SOME).await;
    for index in 0..replicas {
        running[index].kill();
        running[index] = Process::start(&folder, &settings);
        sockets[index] = running[index].ready().public;
        refuse(sockets[index], SOME).await;
    }

    let last = refuse(sockets[0], 1).await;
    let mut told = BTreeMap::new();
    until("all have gone out", async || {
        told = BTreeMap::from([("NATS", of_nats(&nats)), ("the webhook", of_webhook(&receiver))]);
        told.values().all(|events| events.iter().any(|event| event["data"]["request"] == *last))
    })
    .await;
    for (whom, events) in told {
        let places: Vec<u64> = events.iter().map(place).collect();
        let (first, end) = (places[0], places[places.len() - 1]);
        assert_eq!(places, (first..=end).collect::<Vec<_>>(), "{whom} misses none, in their order");
        assert!(places.len() > (3 + replicas) * SOME, "{whom}");
    }
}

/// So many wrong passwords, each of which is an event; returns the id of the last request.
async fn refuse(at: SocketAddr, times: usize) -> String {
    let wrong = json!({ "email": "ada@example.org", "password": "wrong" });
    let mut last = String::new();
    let mut refused = 0;
    while refused < times {
        let answer = Browser::to(at).try_ask(Method::POST, "/api/users/signin", Some(wrong.clone())).await;
        let answer = answer.expect("an answer");
        // Or it was busy, beside others.
        assert!(matches!(answer.status, 400 | 503), "{answer:?}");
        refused += usize::from(answer.status == 400);
        last = answer.header("x-request-id").unwrap().to_owned();
        sleep(Duration::from_millis(5)).await;
    }
    last
}

/// A stream keeps each once.
fn of_nats(nats: &NatsServer) -> Vec<Value> {
    nats.kept().iter().map(|kept| serde_json::from_str(&kept.body).unwrap()).collect()
}

/// Of what came twice the first; several may be under way at once.
fn of_webhook(receiver: &Receiver) -> Vec<Value> {
    let heard = receiver.heard().into_iter().map(|heard| serde_json::from_str::<Value>(&heard.body).unwrap());
    let by_place: BTreeMap<u64, Value> = heard.map(|event| (place(&event), event)).collect();
    by_place.into_values().collect()
}

fn place(event: &Value) -> u64 {
    event["sequence"].as_str().unwrap().parse().unwrap()
}

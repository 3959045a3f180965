//! A running service sees by itself that the chain is another than it was, and nobody need ask.

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::{
    domain::{
        clock::Clock,
        event::{Actor, ChainDigest, Event, EventKind, Happening, Head},
        id::EventId,
        record::Record,
        sealed::KeySecrets,
    },
    store::{
        Store,
        sqlite::{Location, SqliteStore},
    },
    system::{entropy::OsEntropy, vault::Vault},
};
use reqwest::Client;
use rusqlite::Connection;

use super::chain::with_eight_events;
use crate::support::{
    folder::Folder,
    patience::until,
    service::{KEY_SECRET, Service},
    stores::on_both_stores,
};

on_both_stores!(
    what_does_not_follow_the_end_is_noticed_and_not_told,
    what_follows_the_end_is_not_noticed_whoever_sealed_it,
);

/// Sealed with our key, as by a copy of the store that went another way.
async fn what_does_not_follow_the_end_is_noticed_and_not_told(store: Arc<dyn Store>) {
    let (service, _) = with_eight_events(Arc::clone(&store)).await;
    until("the end is seen", async || figure(&service, "position").await == 8).await;
    let head = store.head().await.unwrap().unwrap();
    seal_behind(&service, &Head { digest: ChainDigest::from_bytes([9; 32]), ..head }).await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let (position, broken) = (figure(&service, "position").await, figure(&service, "broken").await);
    assert_eq!((position, broken), (8, 0), "a change of servers may explain it, for a while");
    service.clock.advance(SignedDuration::from_secs(11));
    until("it is noticed", async || figure(&service, "broken").await == 1).await;
    tokio::task::spawn_blocking(move || drop(service)).await.unwrap();
}

async fn what_follows_the_end_is_not_noticed_whoever_sealed_it(store: Arc<dyn Store>) {
    let (service, _) = with_eight_events(Arc::clone(&store)).await;
    let head = store.head().await.unwrap().unwrap();
    seal_behind(&service, &head).await;
    until("it is seen", async || figure(&service, "position").await == 9).await;
    assert_eq!(figure(&service, "broken").await, 0);
    tokio::task::spawn_blocking(move || drop(service)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_end_that_is_taken_away_is_noticed() {
    let folder = Folder::new();
    let file = folder.file("portcullis.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(Location::File(file.clone())).unwrap());
    let (service, _) = with_eight_events(store).await;
    until("the end is seen", async || figure(&service, "position").await == 8).await;
    Connection::open(&file).unwrap().execute("DELETE FROM events WHERE position > 6", []).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(figure(&service, "broken").await, 0, "a change of servers may explain it, for a while");
    service.clock.advance(SignedDuration::from_secs(11));
    until("it is noticed", async || figure(&service, "broken").await == 1).await;
    tokio::task::spawn_blocking(move || drop(service)).await.unwrap();
}

async fn seal_behind(service: &Service, head: &Head) {
    let vault = Vault::new(&KeySecrets::parse(KEY_SECRET).unwrap()).unwrap();
    let (id, now) = (EventId::new(service.clock.now(), &OsEntropy).unwrap(), service.clock.now());
    let rotated = Happening::by(Actor::Service, EventKind::SigningKeyRotated);
    let mut event = Event::of(rotated, id, [7; 16], now);
    event.link = Some(head.next(&event, SignedDuration::from_hours(1), |link| vault.seal_link(link)));
    service.store.import(vec![Record::Event(event)]).await.unwrap();
}

async fn figure(service: &Service, of: &str) -> u64 {
    let page = Client::new().get(format!("http://{}/metrics", service.internal)).send().await.unwrap();
    let (page, name) = (page.text().await.unwrap(), format!("portcullis_events_{of} "));
    page.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
}

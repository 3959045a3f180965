//! Events as they happen.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use portcullis::store::Store;
use reqwest::Client;
use tokio::time::{sleep, timeout};

use super::{Stream, Told, admin, own};
use crate::support::{
    browser::{Answer, Browser},
    service::Service,
    stores::on_both_stores,
};

on_both_stores!(
    what_happens_is_told_at_once_and_to_nobody_else,
    a_stream_goes_on_exactly_where_it_broke_off,
    a_stream_ends_with_its_session_at_once,
    an_administrator_follows_a_kind_until_they_are_none,
    a_user_follows_in_eight_places_at_most,
    a_place_that_there_is_not_is_refused_and_so_is_what_is_none,
    streams_end_with_the_service_before_anything_is_cut_off,
);

async fn ada(service: &Service) -> Browser {
    let mut ada = Browser::at(service);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    ada
}

/// Each at a moment of its own, so that ids are in their order.
async fn wrong(service: &Service, address: &str) {
    service.clock.advance(SignedDuration::from_millis(1));
    assert_eq!(Browser::at(service).sign_in(address, "wrong").await.status, 400);
}

/// Signing up may be told before, if it was not sealed yet.
async fn next_failed(stream: &mut Stream) -> Told {
    loop {
        let told = timeout(Duration::from_secs(5), stream.next()).await.expect("within seconds").unwrap();
        if told.kind == "signin_failed" {
            return told;
        }
    }
}

async fn what_happens_is_told_at_once_and_to_nobody_else(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (ada, client) = (ada(&service).await, Client::new());
    assert_eq!(Browser::at(&service).sign_up("eve@example.org").await.status, 201);
    let mut stream = Stream::open(own(&client, service.public, &ada), None).await.begun().await;
    wrong(&service, "eve@example.org").await;
    wrong(&service, "ada@example.org").await;
    let told = next_failed(&mut stream).await;
    assert_eq!(told.body["reason"], "wrong_password");
    let page = ada.clone().get("/api/users/events").await;
    assert_eq!(page.json()["events"][0], told.body, "the same as on a page");
}

async fn a_stream_goes_on_exactly_where_it_broke_off(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (ada, client) = (ada(&service).await, Client::new());
    let mut stream = Stream::open(own(&client, service.public, &ada), None).await.begun().await;
    let mut witness = Stream::open(own(&client, service.public, &ada), None).await.begun().await;
    let mut told = Vec::new();
    for round in 0..3 {
        for _ in 0..2 {
            wrong(&service, "ada@example.org").await;
            // Told by now, so that whoever comes back has missed it.
            next_failed(&mut witness).await;
        }
        told.push(next_failed(&mut stream).await);
        if round == 1 {
            told.push(next_failed(&mut stream).await);
            told.push(next_failed(&mut stream).await);
        }
        let last = stream.last.clone();
        stream = Stream::open(own(&client, service.public, &ada), last.as_deref()).await;
    }
    told.push(next_failed(&mut stream).await);
    let ids: Vec<u64> = told.iter().map(|told| told.id.parse().unwrap()).collect();
    assert!(ids.is_sorted_by(|one, other| one < other), "{ids:?}");
    let page = ada.clone().get("/api/users/events").await.json();
    let events = page["events"].as_array().unwrap();
    let failed = events.iter().filter(|event| event["kind"] == "signin_failed").rev();
    let failed: Vec<_> = failed.map(|event| event["id"].clone()).collect();
    let heard: Vec<_> = told.iter().map(|told| told.body["id"].clone()).collect();
    assert_eq!(heard, failed, "each once, in their order");
}

async fn a_stream_ends_with_its_session_at_once(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (mut ada, client) = (ada(&service).await, Client::new());
    let mut stream = Stream::open(own(&client, service.public, &ada), None).await.begun().await;
    ada.sign_out().await;
    let ended = timeout(Duration::from_secs(5), async { while stream.next().await.is_some() {} }).await;
    assert!(ended.is_ok(), "the stream outlives its session");
}

async fn an_administrator_follows_a_kind_until_they_are_none(store: Arc<dyn Store>) {
    let service = Service::on(Arc::clone(&store)).await;
    let (grace, client) = (admin(&service, "grace@example.org").await, Client::new());
    let request = client
        .get(format!("http://{}/admin/v1/events?kind=signed_up", service.internal))
        .bearer_auth(grace.token.as_deref().unwrap());
    let mut stream = Stream::open(request, None).await.begun().await;
    wrong(&service, "nobody@example.org").await;
    ada(&service).await;
    assert_eq!(stream.next().await.unwrap().kind, "signed_up");

    let user =
        store.user_by_email(&crate::support::people::email("grace@example.org")).await.unwrap().unwrap();
    let at = user.attrs().updated_at;
    store.replace_user(&user.with_roles(Vec::new(), at)).await.unwrap();
    let ended = timeout(Duration::from_secs(5), async { while stream.next().await.is_some() {} }).await;
    assert!(ended.is_ok(), "whoever is no administrator any more is told nothing more");
}

async fn a_user_follows_in_eight_places_at_most(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (ada, client) = (ada(&service).await, Client::new());
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(Stream::open(own(&client, service.public, &ada), None).await);
    }
    let refused = own(&client, service.public, &ada).header("accept", "text/event-stream");
    let refused = Answer::read(refused).await.unwrap();
    assert_eq!((refused.status, refused.codes()), (429, vec!["too_many_streams".to_owned()]));
    assert!(refused.header("retry-after").is_some());
    drop(streams);
    crate::support::patience::until("a place is free again", async || {
        Stream::try_open(own(&client, service.public, &ada), None).await.is_ok()
    })
    .await;
}

/// To blame is what was said, and where both were, the one that counts.
async fn a_place_that_there_is_not_is_refused_and_so_is_what_is_none(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (ada, client) = (ada(&service).await, Client::new());
    for (header, query, code, blamed) in [
        (Some("4711"), None, "event_unknown", "Last-Event-ID"),
        (Some("x"), None, "last_event_id_invalid", "Last-Event-ID"),
        (Some("-1"), Some("0"), "last_event_id_invalid", "Last-Event-ID"),
        (None, Some("4711"), "event_unknown", "after"),
        (None, Some("x"), "after_invalid", "after"),
        (Some(""), Some("-1"), "after_invalid", "after"),
    ] {
        let query = query.map(|after| format!("?after={after}")).unwrap_or_default();
        let request = client
            .get(format!("http://{}/api/users/events{query}", service.public))
            .header("cookie", ada.cookie.as_deref().unwrap())
            .header("accept", "text/event-stream");
        let request = header.iter().fold(request, |request, id| request.header("last-event-id", *id));
        let answer = Answer::read(request).await.unwrap();
        assert_eq!((answer.status, answer.codes()), (400, vec![code.to_owned()]), "{header:?} {query}");
        assert_eq!(answer.json()["errors"][0]["field"], blamed, "{}", answer.text);
    }
}

async fn streams_end_with_the_service_before_anything_is_cut_off(store: Arc<dyn Store>) {
    let mut service = Service::on(store).await;
    let (ada, client) = (ada(&service).await, Client::new());
    let mut stream = Stream::open(own(&client, service.public, &ada), None).await.begun().await;
    let listener = tokio::spawn(async move { while stream.next().await.is_some() {} });
    let stopped = std::thread::spawn(move || {
        let begun = std::time::Instant::now();
        service.stop();
        begun.elapsed()
    });
    while !stopped.is_finished() {
        sleep(Duration::from_millis(20)).await;
    }
    assert!(stopped.join().unwrap() < Duration::from_secs(10), "nobody waits for a stream");
    listener.await.unwrap();
}

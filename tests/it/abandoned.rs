//! Whoever sends a request and hangs up: what was begun is done and written down, or nothing is.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures_util::future::join_all;
use portcullis::{
    domain::{
        event::{Event, EventFilter, EventKind, Reason},
        id::EventId,
        user::User,
    },
    store::Store,
};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep};

use crate::support::{
    browser::{Browser, PASSWORD},
    figures::Figures,
    folder::Folder,
    patience::until,
    people::email,
    service::{ORIGIN, Service},
    stores::{on_both_stores, two_of_one},
};

on_both_stores!(
    whoever_hangs_up_on_a_wrong_password_has_tried_it,
    what_nobody_waited_for_is_among_the_figures,
);

const ON: (&str, &str) = ("PORTCULLIS_THROTTLE_PRESET", "standard");
const CHOSEN: &str = "another long enough one";

/// At other moments of the work.
const PATIENCES: [u64; 9] = [0, 0, 1, 2, 3, 5, 8, 13, 21];

/// Sends it and closes the connection, after so long or at once, without waiting for an answer.
async fn abandon(to: SocketAddr, request: &[u8], after: Duration) {
    let mut socket = TcpStream::connect(to).await.unwrap();
    socket.write_all(request).await.unwrap();
    if !after.is_zero() {
        sleep(after).await;
    }
}

fn request(method: &str, path: &str, cookie: Option<&str>, body: &Value) -> Vec<u8> {
    let (body, cookie) = (body.to_string(), cookie.map_or(String::new(), |it| format!("Cookie: {it}\r\n")));
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\n{cookie}\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn sign_in(email: &str, password: &str) -> Vec<u8> {
    request("POST", "/api/users/signin", None, &json!({ "email": email, "password": password }))
}

async fn written(store: &dyn Store, kind: EventKind) -> Vec<Event> {
    let wanted = EventFilter { user: None, kind: Some(kind) };
    let all = EventId::FIRST..EventId::LAST;
    store.events(&wanted, all, 1_000, jiff::Timestamp::UNIX_EPOCH).await.unwrap()
}

async fn is_written_of(store: &dyn Store, kind: EventKind, user: &User) -> bool {
    written(store, kind).await.iter().any(|event| event.user_id == Some(user.id()))
}

async fn whoever_hangs_up_on_a_wrong_password_has_tried_it(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    for number in 0..15 {
        let stranger = format!("user{number}@example.org");
        abandon(service.public, &sign_in(&stranger, "a wrong password"), Duration::ZERO).await;
        until("it is written down", async || {
            written(&*service.store, EventKind::SignInFailed).await.len() > number
        })
        .await;
    }
    until("somebody who tries many of many is noticed", async || {
        let throttled = written(&*service.store, EventKind::Throttled).await;
        throttled.iter().any(|event| event.reason == Some(Reason::TooManyPairs))
    })
    .await;
    let sixteenth = Browser::at(&service).sign_in("user15@example.org", "a wrong password").await;
    assert_eq!(sixteenth.codes(), ["throttled"]);
}

async fn what_nobody_waited_for_is_among_the_figures(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    abandon(service.public, &sign_in("ada@example.org", PASSWORD), Duration::ZERO).await;
    until("it is counted as what it was", async || {
        let figures = Figures::of(service.internal).await;
        let route = "listener=\"public\",route=\"/api/users/signin\"";
        figures.get(&format!("portcullis_http_requests_total{{{route},code=\"499\"}}")) > 0.0
            && figures.get("portcullis_sign_ins_total{outcome=\"wrong\"}") > 0.0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_password_is_changed_and_that_is_written_down_or_neither() {
    let folder = Folder::new();
    for [used, kept] in two_of_one(&folder).await {
        let mut service = Service::on(used).await;
        let owners: Vec<_> = (0..PATIENCES.len()).map(|number| format!("user{number}@example.org")).collect();
        let wish = json!({ "currentPassword": PASSWORD, "newPassword": CHOSEN });
        for (owner, after) in owners.iter().zip(PATIENCES) {
            let mut browser = Browser::at(&service);
            browser.sign_up(owner).await;
            let change = request("PUT", "/api/users/password", browser.cookie.as_deref(), &wish);
            abandon(service.public, &change, Duration::from_millis(after)).await;
        }
        service.stop();

        kept.examine().await.unwrap();
        let mut changed = 0;
        for address in &owners {
            let owner = kept.user_by_email(&email(address)).await.unwrap().unwrap();
            let is_changed = !owner.attrs().password.history.is_empty();
            let is_written = is_written_of(&*kept, EventKind::PasswordChanged, &owner).await;
            assert_eq!(is_changed, is_written, "{address}");
            changed += usize::from(is_changed);
        }
        assert!(changed > 0, "one of them was begun");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_newcomer_is_there_and_that_is_written_down_or_neither() {
    let folder = Folder::new();
    for [used, kept] in two_of_one(&folder).await {
        let mut service = Service::on(used).await;
        let newcomers: Vec<_> =
            (0..PATIENCES.len()).map(|number| format!("user{number}@example.org")).collect();
        join_all(newcomers.iter().zip(PATIENCES).map(|(newcomer, after)| {
            let body = json!({ "email": newcomer, "password": PASSWORD });
            let sign_up = request("POST", "/api/users/signup", None, &body);
            let public = service.public;
            async move { abandon(public, &sign_up, Duration::from_millis(after)).await }
        }))
        .await;
        service.stop();

        kept.examine().await.unwrap();
        let mut there = 0;
        for newcomer in &newcomers {
            let Some(newcomer) = kept.user_by_email(&email(newcomer)).await.unwrap() else { continue };
            assert!(is_written_of(&*kept, EventKind::SignedUp, &newcomer).await);
            assert!(is_written_of(&*kept, EventKind::SignedIn, &newcomer).await);
            there += 1;
        }
        assert!(there > 0, "one of them was begun");
    }
}

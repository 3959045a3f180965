//! The outbox: what is to be mailed waits with the user it is about, until a mail server takes it, and goes once.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::SignedDuration;
use portcullis::{domain::clock::Clock, store::Store};

use super::{forgot, newcomer, with_mail};
use crate::support::{
    browser::Browser,
    folder::Folder,
    mail_server::MailServer,
    patience::until,
    people::email,
    process::Process,
    service::Service,
    stores::{on_both_stores, two_of_one},
};

on_both_stores!(
    a_mail_server_that_is_down_all_the_time_keeps_nobody_from_signing_up_and_gets_each_mail_once,
    what_is_refused_for_good_is_dead_and_what_is_refused_for_now_waits,
    a_mail_server_that_hangs_up_or_is_slow_is_tried_again,
    what_nobody_took_before_it_expired_is_not_sent,
);

async fn waits(store: &Arc<dyn Store>, address: &str) -> Vec<(u32, bool)> {
    let user = store.user_by_email(&email(address)).await.unwrap().unwrap();
    user.attrs().outbox.iter().map(|letter| (letter.attempts, letter.is_dead())).collect()
}

/// It was tried so often, and is no more in anybody's hands.
async fn is_due_soon(service: &Service, address: &str, attempts: u32) -> bool {
    let user = service.store.user_by_email(&email(address)).await.unwrap().unwrap();
    let soon = Some(service.clock.now() + SignedDuration::from_secs(20));
    user.attrs().outbox.iter().all(|letter| letter.attempts == attempts && letter.waits_until() <= soon)
}

async fn a_mail_server_that_is_down_all_the_time_keeps_nobody_from_signing_up_and_gets_each_mail_once(
    store: Arc<dyn Store>,
) {
    let Some(server) = MailServer::start() else { return };
    let (port, url) = (server.port, server.url());
    drop(server);
    let service = Service::with(Arc::clone(&store), &[("PORTCULLIS_MAIL_URL", &url)]).await;
    let addresses: Vec<_> = (0..20).map(|number| format!("ada{number}@example.org")).collect();
    for address in &addresses {
        assert_eq!(Browser::at(&service).sign_up(address).await.status, 201);
    }
    until("each was tried", async || {
        let mut tried = 0;
        for address in &addresses {
            tried += usize::from(waits(&store, address).await[0].0 > 0);
        }
        tried == addresses.len()
    })
    .await;

    let server = MailServer::with(port, &[]).unwrap();
    service.clock.advance(SignedDuration::from_mins(1));
    let mut got = BTreeSet::new();
    for _ in &addresses {
        let mail = server.mail().await;
        assert!(got.insert(mail.to().to_owned()), "twice: {mail:?}");
    }
    assert_eq!(got, addresses.into_iter().collect());
    service.clock.advance(SignedDuration::from_hours(1));
    server.hears_nothing_for(Duration::from_secs(3));
}

async fn what_is_refused_for_good_is_dead_and_what_is_refused_for_now_waits(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(Arc::clone(&store)).await else { return };
    server.behave("refuse 550");
    Browser::at(&service).sign_up("ada@example.org").await;
    // It may mean us, and is tried some times more.
    for attempt in 1..=2 {
        until("it is to be tried again soon", async || {
            is_due_soon(&service, "ada@example.org", attempt).await
        })
        .await;
        service.clock.advance(SignedDuration::from_mins(1));
    }
    until("it is given up", async || waits(&store, "ada@example.org").await == [(3, true)]).await;
    server.behave("refuse 451");
    Browser::at(&service).sign_up("bob@example.org").await;
    until("it is to be tried again soon", async || is_due_soon(&service, "bob@example.org", 1).await).await;
    server.behave("accept");
    service.clock.advance(SignedDuration::from_secs(10));
    assert_eq!(server.mail().await.to(), "bob@example.org");
    until("it is gone", async || waits(&store, "bob@example.org").await.is_empty()).await;
    service.clock.advance(SignedDuration::from_hours(1));
    server.hears_nothing_for(Duration::from_secs(3));
    let dead = store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
    assert!(
        dead.attrs().outbox.iter().all(|letter| letter.token.is_none()),
        "what cannot be sent is not kept"
    );
}

async fn a_mail_server_that_hangs_up_or_is_slow_is_tried_again(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(Arc::clone(&store)).await else { return };
    server.behave("drop");
    Browser::at(&service).sign_up("ada@example.org").await;
    until("it is to be tried again soon", async || is_due_soon(&service, "ada@example.org", 1).await).await;
    server.behave("slow 2");
    service.clock.advance(SignedDuration::from_hours(1));
    // Whoever signs up meanwhile waits for nothing.
    while server.hears().get("slow").is_none() {}
    let begun = std::time::Instant::now();
    assert_eq!(Browser::at(&service).sign_up("bob@example.org").await.status, 201);
    assert!(begun.elapsed() < Duration::from_secs(2));
    let got: BTreeSet<_> = [server.mail().await.to().to_owned(), server.mail().await.to().to_owned()].into();
    assert_eq!(got, ["ada@example.org".to_owned(), "bob@example.org".to_owned()].into());
}

async fn what_nobody_took_before_it_expired_is_not_sent(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(Arc::clone(&store)).await else { return };
    newcomer(&service, &server, "ada@example.org").await;
    server.behave("refuse 451");
    forgot(&mut Browser::at(&service), "ada@example.org").await;
    server.refuses();
    server.behave("accept");
    service.clock.advance(SignedDuration::from_hours(1));
    until("it is dead", async || waits(&store, "ada@example.org").await == [(1, true)]).await;
    server.hears_nothing_for(Duration::from_secs(1));
}

/// Two replicas, which see the same letters at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn of_two_replicas_one_sends() {
    let folder = Folder::new();
    for [one, other] in two_of_one(&folder).await {
        let Some(server) = MailServer::start() else { return };
        let url = server.url();
        let settings = [("PORTCULLIS_MAIL_URL", url.as_str()), ("PORTCULLIS_MAIL_LIMIT", "100")];
        let services = [Service::with(one, &settings).await, Service::with(other, &settings).await];
        let addresses: Vec<_> = (0..15).map(|number| format!("ada{number}@example.org")).collect();
        for (number, address) in addresses.iter().enumerate() {
            assert_eq!(Browser::at(&services[number % 2]).sign_up(address).await.status, 201);
        }
        let mut got = BTreeSet::new();
        for _ in &addresses {
            let mail = server.mail().await;
            assert!(got.insert(mail.to().to_owned()), "twice: {mail:?}");
        }
        server.hears_nothing_for(Duration::from_secs(3));
    }
}

/// What was written down before a kill goes after it; and a token in it is not in the log.
#[tokio::test]
async fn a_letter_outlives_the_process_that_wrote_it() {
    let Some(server) = MailServer::start() else { return };
    let (port, url, folder) = (server.port, server.url(), Folder::new());
    drop(server);
    let settings = [("PORTCULLIS_MAIL_URL", url.as_str()), ("PORTCULLIS_LOG_LEVEL", "debug")];
    let mut process = Process::start(&folder, &settings);
    let sockets = process.ready();
    assert_eq!(Browser::to(sockets.public).sign_up("ada@example.org").await.status, 201);
    process.hears(|line| line.contains("mail does not go") && line.contains("refused"));
    let health = Browser::to(sockets.internal).get("/health").await.json();
    let stuck = &health["dependencies"]["mail"];
    assert!(health["status"] == "degraded" && stuck["state"] == "down", "{health}");
    assert!(stuck["cause"].as_str().unwrap().contains("refused") && stuck["since"].is_string(), "{health}");
    process.kill();

    let server = MailServer::with(port, &[]).unwrap();
    let mut process = Process::start(&folder, &settings);
    let sockets = process.ready();
    // The pause that the process made which is gone ends first.
    let hearing = tokio::task::spawn_blocking(move || (server.hears(), server));
    // It has yet to say that it took what it heard.
    let (mail, _server) = hearing.await.unwrap();
    assert_eq!(mail["to"][0], "ada@example.org", "{mail}");
    let text = mail["text"].as_str().unwrap();
    let token = text.split_once("#token=").unwrap().1.split_whitespace().next().unwrap();
    until("mail goes", async || {
        let health = Browser::to(sockets.internal).get("/health").await.json();
        health["dependencies"]["mail"]["state"] == "up"
    })
    .await;
    let mut ada = Browser::to(sockets.public);
    assert_eq!(super::verify(&mut ada, token).await.status, 204);
    let log = process.so_far().join("\n");
    assert!(!log.contains(token) && !log.contains("ada@"), "{log}");
}

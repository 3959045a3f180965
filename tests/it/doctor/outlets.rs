//! Where events go beside the store: it is looked whether they would arrive, and none is sent.

use std::time::Duration;

use serde_json::json;
use tokio::{task::spawn_blocking, time::Instant};

use super::{Found, hosts::controller, look, says};
use crate::support::{
    authority::Authority,
    folder::Folder,
    nats_server::NatsServer,
    process::run,
    receiver::{Answer, Receiver},
};

const HERE: (&str, &str) = ("PORTCULLIS_WEBHOOKS_NETWORKS", "127.0.0.0/8,::1");
const SUBJECT: &str = "portcullis.events";
const SECRET: &str = "fourteen-brass-kettles";

/// One receiver, with what must not be told in its path, its query and its secret.
fn audit(origin: &str) -> String {
    let url = format!("{origin}/hunter2?key=hunter2");
    let secret = "whsec_hunter2hunter2hunter2hunter2hunt";
    json!([{ "name": "audit", "url": url, "secrets": [secret] }]).to_string()
}

/// What is found at a receiver, and the exit code; nothing secret is said.
async fn webhook(origin: &str, settings: &[(&str, &str)]) -> (Found, i32) {
    let receivers = audit(origin);
    let settings = [settings, &[("PORTCULLIS_WEBHOOKS_RECEIVERS", receivers.as_str())]].concat();
    outlets(&settings).await
}

async fn nats(url: &str, settings: &[(&str, &str)]) -> (Found, i32) {
    outlets(&[settings, &[("PORTCULLIS_NATS_URL", url)]].concat()).await
}

/// On a thread of its own, while whoever is looked at goes on.
async fn outlets(settings: &[(&str, &str)]) -> (Found, i32) {
    let settings: Vec<_> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (mut found, code) = spawn_blocking(move || {
        let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        look(&Folder::new(), &["--timeout", "2"], &settings)
    })
    .await
    .unwrap();
    assert!(!format!("{found:?}").contains("hunter2") && !format!("{found:?}").contains(SECRET), "{found:?}");
    found.retain(|(check, ..)| check == "outlets");
    (found, code)
}

#[test]
fn events_that_go_nowhere_else_are_no_fault() {
    let (found, code) = look(&Folder::new(), &[], &[]);
    assert!(says(&found, "outlets", "fine", "nowhere") && code == 0, "{found:?}");
}

#[tokio::test]
async fn a_receiver_is_connected_to_and_posted_nothing() {
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    for host in ["127.0.0.1", "localhost"] {
        let (found, code) = webhook(&format!("http://{host}:{}", receiver.port), &[HERE]).await;
        assert!(says(&found, "outlets", "fine", &format!("webhook:audit: {host} ")), "{found:?}");
        assert!(says(&found, "outlets", "fine", "nothing was posted") && code == 0, "{found:?}");
    }
    assert_eq!((receiver.connections(), receiver.heard().len()), (2, 0));
}

#[tokio::test]
async fn a_receiver_shows_who_it_is() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let port = controller(&authority.sign()).await.port();
    let trusted = folder.file("authority.pem");
    std::fs::write(&trusted, authority.pem()).unwrap();
    let trusting = ("SSL_CERT_FILE", trusted.to_str().unwrap());
    let origin = format!("https://localhost:{port}");
    let (found, code) = webhook(&origin, &[HERE, trusting]).await;
    assert!(says(&found, "outlets", "fine", "webhook:audit: localhost ") && code == 0, "{found:?}");
    let (found, code) = webhook(&origin, &[HERE]).await;
    assert!(says(&found, "outlets", "wrong", "certificate") && code == 1, "{found:?}");
}

#[tokio::test]
async fn asvs_1_3_6_a_receiver_at_a_private_address_is_not_connected_to() {
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    for settings in [&[][..], &[("PORTCULLIS_WEBHOOKS_NETWORKS", "10.96.0.0/12")]] {
        let (found, code) = webhook(&format!("https://localhost:{}", receiver.port), settings).await;
        let why = "webhook:audit: localhost is at a private address, which PORTCULLIS_WEBHOOKS_NETWORKS does not allow";
        assert!(says(&found, "outlets", "wrong", why) && code == 1, "{found:?}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn receivers_that_are_away_or_silent_are_told_in_time() {
    let receiver = Receiver::start(|_| Answer::Never).await;
    let (found, code) = webhook("http://127.0.0.1:1", &[HERE]).await;
    assert!(says(&found, "outlets", "wrong", "webhook:audit: 127.0.0.1 ") && code == 1, "{found:?}");
    // It lets us say what we like, and answers nothing of TLS.
    let begun = Instant::now();
    let (found, code) = webhook(&format!("https://127.0.0.1:{}", receiver.port), &[HERE]).await;
    assert!(says(&found, "outlets", "wrong", "in time") && code == 1, "{found:?}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_stream_that_takes_the_events_is_named_and_published_nothing() {
    let Some(server) = NatsServer::start() else { return };
    let url = format!("nats://{}", server.socket);
    let (found, code) = nats(&url, &[]).await;
    assert!(
        says(&found, "outlets", "wrong", "no stream takes portcullis.events.>") && code == 1,
        "{found:?}"
    );
    server.stream(SUBJECT, &json!({}));
    let (found, code) = nats(&url, &[]).await;
    assert!(says(&found, "outlets", "fine", &format!("nats: {url} ")) && code == 0, "{found:?}");
    assert!(
        says(&found, "outlets", "fine", "EVENTS") && says(&found, "outlets", "fine", "nothing was published")
    );
    assert_eq!(server.kept(), []);
}

/// The events that it does not take would hold up all others.
#[tokio::test]
async fn a_stream_that_takes_some_kinds_alone_is_told_with_one_that_it_does_not() {
    let Some(server) = NatsServer::start() else { return };
    let some = json!({ "subjects": ["portcullis.events.signed_up", "portcullis.events.signed_in"] });
    server.stream(SUBJECT, &some);
    let (found, code) = nats(&format!("nats://{}", server.socket), &[]).await;
    assert!(
        says(&found, "outlets", "wrong", "no stream takes portcullis.events.signup_refused"),
        "{found:?}"
    );
    assert_eq!(code, 1);
}

/// One who may publish events, hear answers, and do nothing more of JetStream; or one with other rights.
fn user(publish: &str, subscribe: &str) -> String {
    let permissions = format!("{{ publish: {publish:?}, subscribe: {subscribe:?} }}");
    format!("authorization {{ users: [{{ user: ada, password: {SECRET:?}, permissions: {permissions} }}] }}")
}

#[tokio::test]
async fn a_login_that_may_not_ask_about_streams_is_warned_of_and_one_that_is_not_taken_is_wrong() {
    let Some(mut server) = NatsServer::start() else { return };
    server.stream(SUBJECT, &json!({}));
    server.start_again(&user("portcullis.events.>", "_INBOX.>"));
    let url = |password: &str| format!("nats://ada:{password}@{}", server.socket);
    let (found, code) = nats(&url(SECRET), &[]).await;
    assert!(says(&found, "outlets", "warning", "may not ask") && code == 0, "{found:?}");
    let (found, code) = nats(&format!("{},nats://127.0.0.1:1", url(SECRET)), &[]).await;
    assert!(says(&found, "outlets", "warning", "nats://127.0.0.1:1: ") && code == 0, "{found:?}");
    let (found, code) = nats(&url("hunter2"), &[]).await;
    assert!(says(&found, "outlets", "wrong", "does not take who we say we are") && code == 1, "{found:?}");
}

#[tokio::test]
async fn a_login_that_may_not_hear_answers_is_told_what_it_needs() {
    let Some(mut server) = NatsServer::start() else { return };
    server.start_again(&user("portcullis.events.>", "something.else"));
    let (found, code) = nats(&format!("nats://ada:{SECRET}@{}", server.socket), &[]).await;
    assert!(says(&found, "outlets", "wrong", "may not hear its answers") && code == 1, "{found:?}");
}

#[tokio::test]
async fn nats_shows_who_it_is() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let Some(mut server) = NatsServer::start() else { return };
    server.stream(SUBJECT, &json!({}));
    server.start_again(&NatsServer::tls(&folder, &authority.sign()));
    let (ours, anothers) = (folder.file("ours.pem"), folder.file("anothers.pem"));
    std::fs::write(&ours, authority.pem()).unwrap();
    std::fs::write(&anothers, Authority::new().pem()).unwrap();
    let url = format!("tls://localhost:{}", server.port());
    let (found, code) = nats(&url, &[("PORTCULLIS_NATS_CA_FILE", ours.to_str().unwrap())]).await;
    assert!(says(&found, "outlets", "fine", "EVENTS") && code == 0, "{found:?}");
    let (found, code) = nats(&url, &[("PORTCULLIS_NATS_CA_FILE", anothers.to_str().unwrap())]).await;
    assert!(says(&found, "outlets", "wrong", "no TLS with it") && code == 1, "{found:?}");
    let (found, code) = nats(&url, &[("PORTCULLIS_NATS_CA_FILE", "/nowhere")]).await;
    assert!(says(&found, "outlets", "wrong", "/nowhere") && code == 1, "{found:?}");
}

/// The service goes to the other one, so nothing waits.
#[tokio::test]
async fn of_several_servers_each_is_looked_at_and_one_that_is_away_is_no_fault() {
    let Some(server) = NatsServer::start() else { return };
    server.stream(SUBJECT, &json!({}));
    let (found, code) = nats(&format!("nats://127.0.0.1:1,nats://{}", server.socket), &[]).await;
    assert!(says(&found, "outlets", "warning", "nats: nats://127.0.0.1:1: ") && code == 0, "{found:?}");
    assert!(says(&found, "outlets", "fine", "EVENTS"), "{found:?}");
    let (found, code) = nats("nats://127.0.0.1:1", &[]).await;
    assert!(says(&found, "outlets", "wrong", "nats: nats://127.0.0.1:1: ") && code == 1, "{found:?}");
}

/// It greets nobody.
#[tokio::test]
async fn a_silent_server_is_told_in_time() {
    let receiver = Receiver::start(|_| Answer::Never).await;
    let begun = Instant::now();
    let (found, code) = nats(&format!("nats://127.0.0.1:{}", receiver.port), &[]).await;
    assert!(says(&found, "outlets", "wrong", "no answer in time") && code == 1, "{found:?}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn the_help_says_that_it_looks_where_events_go() {
    let help = run(&Folder::new(), &["doctor", "--help"], &[]);
    assert!(String::from_utf8_lossy(&help.stdout).contains("what events go out to"));
}

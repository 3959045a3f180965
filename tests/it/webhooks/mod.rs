//! Webhooks: what a receiver is sent, what becomes of its answers, and where nothing goes.

mod guarded;

use std::time::{Duration, Instant};

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use portcullis::{
    domain::{event::EventKind, id::EventId},
    outlets::{DEADLINE, Handed, NotTaken, Parcel, Way, webhook::Webhook},
};
use sha2::Sha256;
use uuid::Uuid;

use crate::support::{
    patience::until,
    receiver::{Answer, Heard, Receiver},
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const HERE: &[&str] = &["127.0.0.0/8", "::1/128"];

fn now() -> Timestamp {
    Timestamp::from_second(1_614_265_330).unwrap()
}

/// Their bodies are their numbers, from 1 on.
fn parcels(most: u128) -> Vec<Parcel> {
    let parcel = |n: u128| Parcel {
        id: EventId::from_uuid(Uuid::from_u128(n)),
        kind: EventKind::SignedIn,
        body: format!("{{\"n\":{n}}}"),
    };
    (1..=most).map(parcel).collect()
}

async fn handed(webhook: &Webhook, most: u128) -> (usize, Option<NotTaken>) {
    let Handed { taken, trouble, .. } = outcome(webhook, most).await;
    (taken, trouble)
}

async fn outcome(webhook: &Webhook, most: u128) -> Handed {
    let handed = webhook.hand_over(&parcels(most), now()).await;
    assert!(!format!("{handed:?}").contains("hunter2"), "{handed:?}");
    handed
}

fn not_now(sentence: &str) -> NotTaken {
    NotTaken::NotNow(sentence.to_owned())
}

/// As a receiver would, who has the secret.
fn holds(heard: &Heard, signature: &str, secret: &str) -> bool {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    let signed =
        format!("{}.{}.{}", heard.header("webhook-id"), heard.header("webhook-timestamp"), heard.body);
    mac.update(signed.as_bytes());
    let signature = BASE64_STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
    mac.verify_slice(&signature).is_ok()
}

#[tokio::test]
async fn what_is_posted_is_signed_with_each_secret() {
    let receiver = Receiver::start(|_| Answer::Status(204)).await;
    let webhook = receiver.webhook("http://127.0.0.1", &[SECRET, OTHER], HERE);
    assert_eq!(handed(&webhook, 1).await, (1, None));
    let heard = &receiver.heard()[0];
    assert_eq!((heard.path.as_str(), heard.body.as_str()), ("/hunter2?key=hunter2", "{\"n\":1}"));
    assert_eq!(heard.header("webhook-id"), "00000000-0000-0000-0000-000000000001");
    assert_eq!(heard.header("webhook-timestamp"), "1614265330");
    assert_eq!(heard.header("content-type"), "application/cloudevents+json");
    assert_eq!(heard.header("user-agent"), concat!("portcullis/", env!("CARGO_PKG_VERSION")));
    let signatures: Vec<_> = heard.header("webhook-signature").split(' ').collect();
    assert_eq!(signatures.len(), 2);
    assert!(holds(heard, signatures[0], SECRET) && holds(heard, signatures[1], OTHER));
    assert!(!holds(heard, signatures[0], OTHER));
}

#[tokio::test]
async fn a_whole_batch_goes_over_few_connections() {
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    let webhook = receiver.webhook("http://127.0.0.1", &[SECRET], HERE);
    assert_eq!(handed(&webhook, 0).await, (0, None));
    assert_eq!(handed(&webhook, 64).await, (64, None));
    assert_eq!(receiver.heard().len(), 64);
    assert!(receiver.connections() <= 8, "{}", receiver.connections());
}

#[tokio::test]
async fn those_before_the_first_that_is_not_taken_are_taken() {
    fn third(body: &str, answer: Answer) -> Answer {
        if body == "{\"n\":3}" { answer } else { Answer::Status(200) }
    }
    for (receiver, trouble) in [
        (
            Receiver::start(|body| third(body, Answer::Status(503))).await,
            not_now("the receiver answered 503"),
        ),
        (
            Receiver::start(|body| third(body, Answer::Status(429))).await,
            not_now("the receiver answered 429"),
        ),
        (
            Receiver::start(|body| third(body, Answer::Status(410))).await,
            not_now("the receiver answered 410"),
        ),
        (
            Receiver::start(|body| third(body, Answer::Status(400))).await,
            NotTaken::NotThisOne("the receiver answered 400".to_owned()),
        ),
    ] {
        let webhook = receiver.webhook("http://127.0.0.1", &[SECRET], HERE);
        assert_eq!(handed(&webhook, 64).await, (2, Some(trouble)));
        assert!(receiver.heard().len() <= 10, "nothing is begun after trouble: {}", receiver.heard().len());
    }
}

/// Several are under way at once, so a refusal is beside what became of the others.
#[tokio::test]
async fn whether_any_behind_the_one_that_was_not_taken_was_taken_is_told() {
    for (receiver, later) in [
        (Receiver::start(|body| Answer::Status(if body == "{\"n\":1}" { 400 } else { 200 })).await, true),
        (Receiver::start(|body| Answer::Status(if body == "{\"n\":1}" { 500 } else { 200 })).await, true),
        (Receiver::start(|_| Answer::Status(400)).await, false),
        (
            Receiver::start(|body| match body {
                "{\"n\":1}" => Answer::Status(400),
                _ => Answer::Slow(Duration::from_millis(300), 200),
            })
            .await,
            true,
        ),
        (Receiver::start(|_| Answer::Status(200)).await, false),
    ] {
        let webhook = receiver.webhook("http://127.0.0.1", &[SECRET], HERE);
        let handed = outcome(&webhook, 8).await;
        assert_eq!(handed.later, later, "{handed:?}");
    }
}

/// Also where those before it take their time.
#[tokio::test]
async fn nothing_is_begun_once_one_was_refused() {
    let receiver = Receiver::start(|body| match body {
        "{\"n\":1}" => Answer::Slow(Duration::from_millis(500), 200),
        "{\"n\":2}" => Answer::Status(503),
        _ => Answer::Status(200),
    })
    .await;
    let webhook = receiver.webhook("http://127.0.0.1", &[SECRET], HERE);
    assert_eq!(handed(&webhook, 64).await, (1, Some(not_now("the receiver answered 503"))));
    assert_eq!(receiver.heard().len(), 8);
}

#[tokio::test]
async fn asvs_15_3_2_a_redirect_is_not_followed() {
    let receiver = Receiver::start(|_| Answer::Elsewhere).await;
    let webhook = receiver.webhook("http://127.0.0.1", &[SECRET], HERE);
    assert_eq!(handed(&webhook, 1).await, (0, Some(not_now("the receiver answered 307"))));
    assert_eq!(receiver.heard().len(), 1);
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up() {
    let receiver = Receiver::start(|_| Answer::Never).await;
    let webhook = receiver.webhook("http://127.0.0.1", &[SECRET], HERE);
    let begun = Instant::now();
    assert_eq!(handed(&webhook, 64).await, (0, Some(not_now("127.0.0.1 did not answer in time"))));
    assert!(begun.elapsed() < DEADLINE / 2, "{:?}", begun.elapsed());
    assert!(receiver.heard().len() <= 8);
}

#[tokio::test]
async fn a_slow_receiver_takes_what_it_can_until_the_batch_has_to_end() {
    let receiver = Receiver::start(|_| Answer::Slow(Duration::from_secs(3), 200)).await;
    let webhook = receiver.webhook("http://127.0.0.1", &[SECRET], HERE);
    let begun = Instant::now();
    let (taken, trouble) = handed(&webhook, 64).await;
    assert!(begun.elapsed() < DEADLINE, "{:?}", begun.elapsed());
    assert_eq!((taken, trouble), (32, None), "slow is no trouble");
    assert_eq!(receiver.heard().len(), 32, "none is given up that was begun");
}

#[tokio::test]
async fn an_endless_answer_is_cut_and_counts_as_what_it_began_with() {
    let receiver = Receiver::start(|_| Answer::Endless).await;
    let webhook = receiver.webhook("http://127.0.0.1", &[SECRET], HERE);
    let begun = Instant::now();
    assert_eq!(handed(&webhook, 8).await, (8, None));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn nobody_there_is_said_without_the_path() {
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    let webhook = receiver.webhook("http://127.0.0.1", &[SECRET], HERE);
    let port = receiver.port;
    drop(receiver);
    until("nobody listens", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err())
        .await;
    let (taken, trouble) = handed(&webhook, 1).await;
    let said = trouble.unwrap().to_string();
    assert!(taken == 0 && said.starts_with("127.0.0.1 did not answer: Connection refused"), "{said}");
}

//! NATS is away, comes back, or says nothing any more.

use std::time::Duration;

use portcullis::outlets::DEADLINE;
use serde_json::json;
use tokio::{net::TcpListener, time::Instant};

use super::{
    scripted::{KEPT, Scripted},
    *,
};

/// With some room for a machine that has other things to do.
const SOON: Duration = Duration::from_secs(DEADLINE.as_secs() + 3);

#[tokio::test]
async fn after_an_outage_the_next_that_are_handed_over_go() {
    let Some(mut server) = NatsServer::start() else { return };
    server.stream(SUBJECT, &json!({}));
    let nats = to(&server);
    goes(&nats, &parcels(0..2)).await;
    server.stop();
    let begun = Instant::now();
    let why = does_not_go(&nats, &parcels(2..4)).await;
    assert!(why.contains(&format!("127.0.0.1:{}", server.port())), "{why}");
    assert!(begun.elapsed() < SOON);
    server.start_again("");
    goes(&nats, &parcels(2..4)).await;
    assert_eq!(server.kept().len(), 4);
}

/// The connection that was kept is of no use any more, which is seen when it is used.
#[tokio::test]
async fn a_restart_between_two_of_them_is_not_noticed() {
    let Some(mut server) = NatsServer::start() else { return };
    server.stream(SUBJECT, &json!({}));
    let nats = to(&server);
    goes(&nats, &parcels(0..2)).await;
    server.start_again("");
    goes(&nats, &parcels(2..4)).await;
    assert_eq!(server.kept().len(), 4);
}

/// By the clock.
mod alone {
    use super::*;

    #[tokio::test]
    async fn a_server_that_stands_still_is_waited_for_until_the_deadline() {
        let Some(server) = NatsServer::start() else { return };
        server.stream(SUBJECT, &json!({}));
        let nats = to(&server);
        goes(&nats, &parcels(0..1)).await;
        server.signal("STOP");
        let begun = Instant::now();
        let why = does_not_go(&nats, &parcels(1..3)).await;
        assert!(why.contains("no answer in time") && begun.elapsed() < SOON, "{why}");
        server.signal("CONT");
        goes(&nats, &parcels(1..3)).await;
        // What it was sent before it stood still came once more, and is known again.
        assert_eq!(server.kept().len(), 3);
    }
}

#[tokio::test]
async fn another_server_of_the_cluster_takes_what_the_first_does_not() {
    let Some(server) = NatsServer::start() else { return };
    server.stream(SUBJECT, &json!({}));
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    // It takes whoever comes, and says nothing.
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nats = nats(broker(&[gone, mute.local_addr().unwrap().port(), server.port()]));
    goes(&nats, &parcels(0..2)).await;
    let begun = Instant::now();
    goes(&nats, &parcels(2..4)).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "it begins with the one that took something");
}

/// With somebody at the subject who is no stream, nobody says that nobody is there.
#[tokio::test]
async fn a_subscriber_that_keeps_nothing_is_no_stream() {
    let Some(server) = NatsServer::start() else { return };
    let _listener = server.listener(&format!("{SUBJECT}.>"));
    let begun = Instant::now();
    let why = does_not_go(&to(&server), &parcels(0..1)).await;
    assert!(why.contains("does not say in time that it keeps"), "{why}");
    assert!(begun.elapsed() < SOON);
}

/// As where it is cut off from the others: it hears us, and nobody keeps anything.
#[tokio::test]
async fn where_one_server_has_no_stream_the_next_is_asked_the_next_time() {
    let error = r#"{"error":{"code":503,"err_code":10008,"description":"unavailable"}}"#;
    let unavailable = format!("MSG INBOX 1 {}\r\n{error}\r\n", error.len());
    for answer in ["HMSG INBOX 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n", &unavailable] {
        let (cut_off, whole) = (Scripted::new().await, Scripted::new().await);
        let nats = nats(broker(&[cut_off.port(), whole.port()]));
        let script = async {
            let mut guest = cut_off.lets_in().await;
            let reply = guest.publishes().await;
            guest.hears(&answer.replace("INBOX", &reply)).await;
            let mut other = whole.lets_in().await;
            for _ in 0..2 {
                let reply = other.publishes().await;
                other.is_answered(&reply, KEPT).await;
            }
        };
        let calls = async {
            does_not_go(&nats, &parcels(0..1)).await;
            let begun = Instant::now();
            goes(&nats, &parcels(0..1)).await;
            goes(&nats, &parcels(1..2)).await;
            assert!(begun.elapsed() < Duration::from_secs(3), "the first is not waited for once more");
        };
        tokio::join!(script, calls);
    }
}

/// Of many servers that say nothing, as many are asked as there is time for; the next time, those behind them.
#[tokio::test]
async fn however_many_say_nothing_the_deadline_holds_and_the_next_time_the_others_are_asked() {
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let live = Scripted::new().await;
    let silent = mute.local_addr().unwrap().port();
    let nats = nats(broker(&[[silent; 6].as_slice(), &[live.port()]].concat()));
    let begun = Instant::now();
    let why = does_not_go(&nats, &parcels(0..1)).await;
    assert_eq!(why, "NATS does not answer in time");
    assert!(begun.elapsed() >= DEADLINE && begun.elapsed() < SOON);
    let script = async {
        let mut guest = live.lets_in().await;
        let reply = guest.publishes().await;
        guest.is_answered(&reply, KEPT).await;
    };
    tokio::join!(script, async { goes(&nats, &parcels(0..1)).await });
}

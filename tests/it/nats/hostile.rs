//! Servers that are not what they should be.

use std::time::Duration;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::*;
use crate::support::patience::PATIENCE;

const INFO: &str = "INFO {\"headers\":true,\"max_payload\":1000000}\r\n";
const FULL: &str = "{\"error\":{\"code\":503,\"err_code\":10077,\"description\":\"full\"}}";
const KEPT: &str = "{\"stream\":\"EVENTS\",\"seq\":1}";

/// A server that says what a test wants.
struct Scripted(TcpListener);

struct Guest(BufReader<TcpStream>);

impl Scripted {
    async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn broker(&self) -> Broker {
        broker(&[self.0.local_addr().unwrap().port()])
    }

    /// Who comes next is told this.
    async fn greets(&self, info: &str) -> Guest {
        let accepted = timeout(PATIENCE, self.0.accept()).await.expect("somebody comes");
        let mut guest = Guest(BufReader::new(accepted.unwrap().0));
        guest.hears(info).await;
        guest
    }

    /// They may publish.
    async fn lets_in(&self) -> Guest {
        let mut guest = self.greets(INFO).await;
        while guest.says().await != "PING\r\n" {}
        guest.hears("PONG\r\n").await;
        guest
    }
}

impl Guest {
    /// Some do not listen to the end.
    async fn hears(&mut self, words: &str) {
        let _ = self.0.write_all(words.as_bytes()).await;
    }

    async fn says(&mut self) -> String {
        let mut line = String::new();
        timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("they say something").unwrap();
        line
    }

    /// Where an answer to the next message goes.
    async fn publishes(&mut self) -> String {
        let line = self.says().await;
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["HPUB", _, reply, _, total] = words[..] else { panic!("{line}") };
        self.0.read_exact(&mut vec![0; total.parse::<usize>().unwrap() + 2]).await.unwrap();
        reply.to_owned()
    }

    async fn is_answered(&mut self, reply: &str, body: &str) {
        self.hears(&format!("MSG {reply} 1 {}\r\n{body}\r\n", body.len())).await;
    }
}

#[tokio::test]
async fn a_late_answer_is_not_taken_for_one_to_what_was_published_later() {
    let server = Scripted::new().await;
    let nats = nats(server.broker());
    let script = async {
        let mut guest = server.lets_in().await;
        let (first, second) = (guest.publishes().await, guest.publishes().await);
        guest.is_answered(&first, FULL).await;
        let third = guest.publishes().await;
        assert!(third != first && third != second);
        guest.is_answered(&second, KEPT).await;
        guest.is_answered(&third, FULL).await;
        guest
    };
    let calls = async {
        does_not_go(&nats, &parcels(0..2)).await;
        assert_eq!(does_not_go(&nats, &parcels(2..3)).await, "the stream says: full");
    };
    tokio::join!(script, calls);
}

#[tokio::test]
async fn answers_in_another_order_are_those_to_what_they_are_to() {
    let server = Scripted::new().await;
    let nats = nats(server.broker());
    let script = async {
        let mut guest = server.lets_in().await;
        let (first, second) = (guest.publishes().await, guest.publishes().await);
        guest.is_answered(&second, FULL).await;
        guest.hears("PING\r\n").await;
        assert_eq!(guest.says().await, "PONG\r\n");
        guest.is_answered(&first, KEPT).await;
        guest
    };
    let (_guest, handed) = tokio::join!(script, async { hand_over(&nats, &parcels(0..2)).await });
    assert_eq!((handed.taken, handed.trouble.is_some()), (1, true));
}

#[tokio::test]
async fn what_was_taken_before_a_server_fell_silent_is_taken() {
    let server = Scripted::new().await;
    let nats = nats(server.broker());
    let script = async {
        let mut guest = server.lets_in().await;
        let reply = guest.publishes().await;
        guest.is_answered(&reply, KEPT).await;
        guest
    };
    let (_guest, handed) = tokio::join!(script, async { hand_over(&nats, &parcels(0..2)).await });
    assert_eq!((handed.taken, handed.trouble.is_some()), (1, true));
}

#[tokio::test]
async fn a_secret_that_a_server_holds_out_to_us_is_not_repeated() {
    let server = Scripted::new().await;
    let nats = nats(Broker { login: Login::Token("fourteen-brass-kettles".into()), ..server.broker() });
    let script = async {
        let mut guest = server.greets(INFO).await;
        assert!(guest.says().await.contains("fourteen-brass-kettles"));
        guest.hears("-ERR 'not fourteen-brass-kettles'\r\n").await;
        guest
    };
    let (_guest, why) = tokio::join!(script, async { does_not_go(&nats, &parcels(0..1)).await });
    assert!(why.ends_with("it says: not ***"), "{why}");
}

/// It says so in the clear, before it has shown who it is.
#[tokio::test]
async fn r_55_where_a_server_sends_us_is_nowhere_we_go() {
    let (server, other) = (Scripted::new().await, Scripted::new().await);
    let elsewhere = other.0.local_addr().unwrap();
    let info = INFO.replace('{', &format!("{{\"host\":\"{elsewhere}\",\"connect_urls\":[\"{elsewhere}\"],"));
    let nats = nats(server.broker());
    for _ in 0..2 {
        let script = async { drop(server.greets(&info).await) };
        tokio::join!(script, async { does_not_go(&nats, &parcels(0..1)).await });
    }
    assert!(timeout(Duration::from_millis(200), other.0.accept()).await.is_err());
}

#[tokio::test]
async fn what_nobody_would_read_to_its_end_is_not_read() {
    let endless = format!("INFO {}", "x".repeat(200_000));
    for (said, about) in [(endless.as_str(), "more than anybody"), ("220 smtp ready\r\n", "no NATS")] {
        let server = Scripted::new().await;
        let nats = nats(server.broker());
        let (_guest, why) =
            tokio::join!(server.greets(said), async { does_not_go(&nats, &parcels(0..1)).await });
        assert!(why.contains(about), "{why}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_answer_any_more_is_not_read() {
    let server = Scripted::new().await;
    let nats = nats(server.broker());
    let script = async {
        let mut guest = server.lets_in().await;
        let reply = guest.publishes().await;
        guest.hears(&format!("MSG {reply} 1 4000000000\r\n")).await;
        guest
    };
    let (_guest, why) = tokio::join!(script, async { does_not_go(&nats, &parcels(0..1)).await });
    assert!(why.contains("more than anybody"), "{why}");
}

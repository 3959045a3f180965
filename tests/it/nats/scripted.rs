//! A server that says what a test wants.

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{Broker, broker};
use crate::support::patience::PATIENCE;

pub(super) const INFO: &str = "INFO {\"headers\":true,\"max_payload\":1000000}\r\n";
pub(super) const FULL: &str = "{\"error\":{\"code\":503,\"err_code\":10077,\"description\":\"full\"}}";
pub(super) const TOO_LARGE: &str = "{\"error\":{\"code\":400,\"err_code\":10054,\"description\":\"large\"}}";
pub(super) const KEPT: &str = "{\"stream\":\"EVENTS\",\"seq\":1}";

pub(super) struct Scripted(pub(super) TcpListener);

pub(super) struct Guest(pub(super) BufReader<TcpStream>);

impl Scripted {
    pub(super) async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(super) fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    pub(super) fn broker(&self) -> Broker {
        broker(&[self.port()])
    }

    /// Who comes next is told this.
    pub(super) async fn greets(&self, info: &str) -> Guest {
        let accepted = timeout(PATIENCE, self.0.accept()).await.expect("somebody comes");
        let mut guest = Guest(BufReader::new(accepted.unwrap().0));
        guest.hears(info).await;
        guest
    }

    /// They may publish.
    pub(super) async fn lets_in(&self) -> Guest {
        let mut guest = self.greets(INFO).await;
        while guest.says().await != "PING\r\n" {}
        guest.hears("PONG\r\n").await;
        guest
    }
}

impl Guest {
    /// Some do not listen to the end.
    pub(super) async fn hears(&mut self, words: &str) {
        let _ = self.0.write_all(words.as_bytes()).await;
    }

    pub(super) async fn says(&mut self) -> String {
        let mut line = String::new();
        timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("they say something").unwrap();
        line
    }

    /// Where an answer to the next message goes.
    pub(super) async fn publishes(&mut self) -> String {
        let line = self.says().await;
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["HPUB", _, reply, _, total] = words[..] else { panic!("{line}") };
        self.0.read_exact(&mut vec![0; total.parse::<usize>().unwrap() + 2]).await.unwrap();
        reply.to_owned()
    }

    pub(super) async fn is_answered(&mut self, reply: &str, body: &str) {
        self.hears(&format!("MSG {reply} 1 {}\r\n{body}\r\n", body.len())).await;
    }
}

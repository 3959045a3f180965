//! Bytes on a bare socket, for what no well-behaved client would send.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::browser::assert_problem;

/// An answer as it came over the socket.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends the bytes, and reads one answer or as much of it as arrives before the connection ends.
pub(crate) async fn send(to: SocketAddr, bytes: &[u8]) -> Raw {
    let mut socket = TcpStream::connect(to).await.unwrap();
    // A server that has heard enough may hang up before it has read everything.
    let _ = socket.write_all(bytes).await;
    receive(&mut socket).await.expect("an answer")
}

/// Reads one answer; `None` when the connection ends without.
pub(crate) async fn receive(socket: &mut (impl AsyncRead + Unpin)) -> Option<Raw> {
    let mut bytes = Vec::new();
    loop {
        if let Some(raw) = Raw::parse(&bytes) {
            return Some(raw);
        }
        let mut chunk = [0; 4096];
        match timeout(Duration::from_secs(20), socket.read(&mut chunk)).await.expect("an answer in time") {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

/// A request with this body, as JSON.
pub(crate) fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

impl Raw {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let head = head.to_ascii_lowercase();
        if status == 100 {
            return Self::parse(body.as_bytes());
        }
        let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        (body.len() >= length).then(|| Self { status, head: head.clone(), body: body[..length].to_owned() })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// The codes of a problem, after a look at whether it is one in every respect.
    pub(crate) fn codes(&self) -> Vec<String> {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no problem: {self:?}"));
        assert_problem(self.status, self.header("content-type"), self.header("x-request-id"), &body);
        let errors = body["errors"].as_array().unwrap();
        errors.iter().map(|error| error["code"].as_str().unwrap().to_owned()).collect()
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

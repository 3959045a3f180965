//! A connection that asks and counts, and costs next to nothing itself.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

pub(crate) struct Client {
    socket: TcpStream,
    buffer: Vec<u8>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) took: Duration,
    text: String,
}

impl Answer {
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after: ").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs)
    }

    pub(crate) fn cookie(&self) -> Option<&str> {
        self.header("set-cookie: ").and_then(|cookie| cookie.split(';').next())
    }

    pub(crate) fn access_token(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once(r#""accessToken":""#)?;
        rest.split_once('"').map(|(token, _)| token)
    }

    fn header(&self, name: &str) -> Option<&str> {
        header(self.text.split_once("\r\n\r\n")?.0, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name))
}

impl Client {
    /// From another loopback address for each number, since one address has only so many places.
    pub(crate) async fn connect(to: SocketAddr, number: usize) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        let group = u8::try_from(number / 250).expect("at most 64,000 connections");
        socket.bind(SocketAddr::from(([127, 0, 7, group + 1], 0)))?;
        let socket = socket.connect(to).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, buffer: Vec::with_capacity(2048) })
    }

    pub(crate) async fn ask(&mut self, request: &str) -> io::Result<Answer> {
        let begun = Instant::now();
        self.socket.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        loop {
            if self.socket.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(answer) = self.answer(begun) {
                return Ok(answer);
            }
        }
    }

    /// Whoever only counts pays for no more than where an answer ends.
    fn answer(&self, begun: Instant) -> Option<Answer> {
        let text = std::str::from_utf8(&self.buffer).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length: usize = header(head, "content-length: ")?.parse().ok()?;
        (body.len() >= length).then(|| Answer {
            status: head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"),
            took: begun.elapsed(),
            text: text.to_owned(),
        })
    }
}

/// Answers a second to one request that so many clients ask again and again.
pub(crate) async fn rate(service: SocketAddr, clients: usize, request: &str, lasts: Duration) -> f64 {
    let begun = Instant::now();
    let count = async |number| {
        let mut client = Client::connect(service, number).await.expect("a connection");
        let mut answers = 0;
        while begun.elapsed() < lasts {
            assert_eq!(client.ask(request).await.expect("an answer").status, 200);
            answers += 1;
        }
        answers
    };
    let answers: u32 = join_all((0..clients).map(count)).await.into_iter().sum();
    f64::from(answers) / begun.elapsed().as_secs_f64()
}

pub(crate) fn sign_up(email: &str) -> String {
    post("/api/users/signup", email)
}

pub(crate) fn sign_in(email: &str) -> String {
    post("/api/users/signin", email)
}

pub(crate) fn current_user(cookie: &str) -> String {
    format!("GET /api/users/currentuser HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n")
}

/// Signs up as a program does, which gets an access token.
pub(crate) fn sign_up_for_tokens(email: &str) -> String {
    post_body(
        "/api/users/signup",
        &format!(r#"{{"email":"{email}","password":"correct horse battery","mode":"token"}}"#),
    )
}

/// What another service asks about a token that it got.
pub(crate) fn verify(token: &str) -> String {
    format!(
        "POST /v1/token/verify-header HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Asks for next to nothing: what a request costs at least.
pub(crate) fn nothing() -> String {
    "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned()
}

fn post(path: &str, email: &str) -> String {
    post_body(path, &format!(r#"{{"email":"{email}","password":"correct horse battery"}}"#))
}

fn post_body(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

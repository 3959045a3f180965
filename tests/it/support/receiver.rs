//! A receiver over a real socket, which does as a test says.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use portcullis::{domain::webhook, outlets::webhook as outlet};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};

/// What it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Status(u16),
    /// After so long.
    Slow(Duration, u16),
    /// To another path of the same receiver.
    Elsewhere,
    Never,
    Endless,
}

pub(crate) struct Receiver {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    connections: Arc<AtomicUsize>,
    listening: JoinHandle<()>,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        let value = found.next().unwrap_or_else(|| panic!("no {name}: {self:?}"));
        assert_eq!(found.next(), None, "{name} is there twice");
        value
    }
}

impl Receiver {
    /// Answers each by its body.
    pub(crate) async fn start(answer: fn(&str) -> Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heard, connections) = (Arc::<Mutex<Vec<Heard>>>::default(), Arc::<AtomicUsize>::default());
        let (all, count) = (Arc::clone(&heard), Arc::clone(&connections));
        let listening = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                count.fetch_add(1, SeqCst);
                tokio::spawn(converse(socket, Arc::clone(&all), answer));
            }
        });
        Self { port, heard, connections, listening }
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }

    /// Speaks to it under this name, signed with these.
    pub(crate) fn webhook(&self, origin: &str, secrets: &[&str], networks: &[&str]) -> outlet::Webhook {
        let url = format!("{origin}:{}/hunter2?key=hunter2", self.port);
        outlet::Webhook::new(outlet::Receiver {
            url: webhook::ReceiverUrl::parse(&url).unwrap(),
            secrets: secrets.iter().map(|secret| webhook::WebhookSecret::parse(secret).unwrap()).collect(),
            networks: networks.iter().map(|network| network.parse().unwrap()).collect(),
        })
        .unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn converse(mut socket: TcpStream, all: Arc<Mutex<Vec<Heard>>>, answer: fn(&str) -> Answer) {
    while let Some(heard) = hear(&mut socket).await {
        let what = answer(&heard.body);
        all.lock().unwrap().push(heard);
        let said = match what {
            Answer::Status(status) => bare(status),
            Answer::Slow(duration, status) => {
                sleep(duration).await;
                bare(status)
            }
            Answer::Elsewhere => bare(307).replace("\r\n\r\n", "\r\nLocation: /elsewhere\r\n\r\n"),
            Answer::Never => return std::future::pending().await,
            Answer::Endless => return pour(socket).await,
        };
        if socket.write_all(said.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn bare(status: u16) -> String {
    format!("HTTP/1.1 {status} As told\r\nContent-Length: 0\r\n\r\n")
}

/// Until nobody listens any more.
async fn pour(mut socket: TcpStream) {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
    let mut said = socket.write_all(head.as_bytes()).await;
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    while said.is_ok() {
        said = socket.write_all(chunk.as_bytes()).await;
    }
}

/// One request, or nothing when the connection ends.
async fn hear(socket: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    loop {
        if let Some(heard) = parse(&bytes) {
            return Some(heard);
        }
        let mut chunk = [0; 4096];
        match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Heard> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (top, body) = text.split_once("\r\n\r\n")?;
    let (first, headers) = top.split_once("\r\n")?;
    let headers = headers.lines().filter_map(|line| line.split_once(": "));
    let headers: Vec<_> =
        headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let path = first.strip_prefix("POST ").expect("it posts").split(' ').next()?.to_owned();
    let heard = Heard { path, headers, body: body.to_owned() };
    (heard.header("content-length") == body.len().to_string()).then_some(heard)
}

//! A real NATS server with JetStream, which a test may stop, hold still or start again where it was.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{authority::Signed, folder::Folder, patience::PATIENCE, program};

pub(crate) struct NatsServer {
    program: String,
    folder: Folder,
    pub(crate) socket: SocketAddr,
    child: Child,
}

/// What a stream keeps.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) subject: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl NatsServer {
    /// `None`, said once and aloud, where there is none.
    pub(crate) fn start() -> Option<Self> {
        Self::with("")
    }

    /// With more lines in its configuration.
    pub(crate) fn with(config: &str) -> Option<Self> {
        let program = program::find("nats-server")?;
        let folder = Folder::new();
        // A port that was free a moment ago may be somebody else's now.
        let started = (0..5).find_map(|_| {
            let socket = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            launch(&program, &folder, socket, config).map(|child| (socket, child))
        });
        let (socket, child) = started.expect("nats-server starts");
        Some(Self { program, folder, socket, child })
    }

    /// What its configuration has for TLS by this certificate.
    pub(crate) fn tls(folder: &Folder, signed: &Signed) -> String {
        let (certificate, key) = (folder.file("nats.crt"), folder.file("nats.key"));
        signed.write(&certificate, &key);
        format!("tls {{ cert_file: {certificate:?}, key_file: {key:?} }}\n")
    }

    pub(crate) fn port(&self) -> u16 {
        self.socket.port()
    }

    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Where it was, with what it had, and perhaps another configuration.
    pub(crate) fn start_again(&mut self, config: &str) {
        self.stop();
        let child = launch(&self.program, &self.folder, self.socket, config);
        self.child = child.expect("nats-server starts where it was");
    }

    /// `STOP` holds it still, until `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// A stream that takes whatever is below the subject, with more of a configuration.
    pub(crate) fn stream(&self, subject: &str, more: &Value) {
        let mut config = json!({ "name": "EVENTS", "subjects": [format!("{subject}.>")] });
        config.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let made = self.ask("$JS.API.STREAM.CREATE.EVENTS", &config);
        assert_eq!(made["did_create"], true, "{made}");
    }

    /// All that the stream keeps, the first first.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        let info = self.ask("$JS.API.STREAM.INFO.EVENTS", &json!({}));
        let last = info["state"]["last_seq"].as_u64().unwrap_or_else(|| panic!("{info}"));
        (1..=last).map(|at| self.message(at)).collect()
    }

    fn message(&self, at: u64) -> Kept {
        let said = self.ask("$JS.API.STREAM.MSG.GET.EVENTS", &json!({ "seq": at }));
        let text = |name: &str| {
            let encoded = said["message"][name].as_str().unwrap_or_default();
            String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
        };
        let subject = said["message"]["subject"].as_str().unwrap().to_owned();
        Kept { subject, headers: text("hdrs"), body: text("data") }
    }

    /// Somebody who hears all that is published there, and says nothing.
    pub(crate) fn listener(&self, subject: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "CONNECT {{\"verbose\":false}}\r\nSUB {subject} 1\r\nPING\r\n").unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "PONG"));
        stream
    }

    /// Without TLS and without a login.
    fn ask(&self, subject: &str, question: &Value) -> Value {
        let mut stream = TcpStream::connect(self.socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let question = question.to_string();
        let length = question.len();
        write!(
            stream,
            "CONNECT {{\"verbose\":false}}\r\nSUB back 1\r\nPUB {subject} back {length}\r\n{question}\r\n"
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        loop {
            let mut line = String::new();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0, "it hung up");
            assert!(!line.starts_with("-ERR"), "{line}");
            if line.starts_with("MSG back") {
                let length = line.split_whitespace().next_back().unwrap().parse().unwrap();
                let mut answer = vec![0; length];
                reader.read_exact(&mut answer).unwrap();
                return serde_json::from_slice(&answer).unwrap();
            }
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `None` where it ended at once.
fn launch(program: &str, folder: &Folder, socket: SocketAddr, config: &str) -> Option<Child> {
    let (file, store) = (folder.file("nats.conf"), folder.path());
    let text = format!("listen: \"{socket}\"\njetstream {{ store_dir: {store:?} }}\n{config}\n");
    fs::write(&file, text).unwrap();
    let mut child = Command::new(program)
        .arg("-c")
        .arg(&file)
        .arg("-l")
        .arg(folder.file("nats.log"))
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..3_000 {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        if greets(socket) {
            return Some(child);
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("nats-server is not ready in time");
}

fn greets(socket: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(socket) else { return false };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut greeting = [0; 5];
    stream.read_exact(&mut greeting).is_ok() && greeting == *b"INFO "
}

//! What lies behind the proxy: answers everything, and remembers what reached it.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// Its thread ends with the tests.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Method and target.
    pub(super) line: String,
    /// In lower case, with underscores as hyphens: as a careless program would read them.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: usize,
}

pub(super) const GREETING: &str = "the app";

impl Upstream {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let notes = Arc::clone(&seen);
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let notes = Arc::clone(&notes);
                thread::spawn(move || serve(socket, &notes));
            }
        });
        Self { address, seen }
    }

    /// What reached it since it was last asked.
    pub(super) fn reached(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

impl Seen {
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(key, _)| key == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let line = lines.next()?.rsplit_once(' ')?.0.to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers: Vec<_> = headers
            .map(|(name, value)| (name.to_ascii_lowercase().replace('_', "-"), value.trim().to_owned()))
            .collect();
        let seen = Self { line, headers, body: bytes.len() - end };
        let length = seen.all("content-length").first().map_or(0, |length| length.parse().unwrap());
        Some((seen, length))
    }
}

/// One request, then the end: nothing that a proxy may not have.
fn serve(mut socket: TcpStream, notes: &Mutex<Vec<Seen>>) {
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; 65_536]);
    loop {
        match socket.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
        if let Some((seen, length)) = Seen::parse(&bytes)
            && seen.body >= length
        {
            notes.lock().unwrap().push(seen);
            let head =
                format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", GREETING.len());
            let _ = socket.write_all(&[head.as_bytes(), GREETING.as_bytes()].concat());
            return;
        }
    }
}

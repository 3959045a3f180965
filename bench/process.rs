//! The real binary, as somebody would start it, with a data directory of its own.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use serde_json::Value;

pub(crate) struct Portcullis {
    child: Child,
    data: PathBuf,
    /// Kept open, so that the service never writes to nobody.
    _log: BufReader<ChildStdout>,
    pub(crate) public: SocketAddr,
    pub(crate) internal: SocketAddr,
    pub(crate) started_in: Duration,
}

/// For whoever signs in more often than a person does, and wants to keep the first session.
pub(crate) const MANY_SESSIONS: &[(&str, &str)] = &[("PORTCULLIS_SESSION_LIMIT", "1000")];

static STARTED: AtomicU32 = AtomicU32::new(0);

impl Portcullis {
    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let (process, number) = (std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        let data = std::env::temp_dir().join(format!("portcullis-bench-{process}-{number}"));
        let begun = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .env("PORTCULLIS_PUBLIC_LISTEN", "127.0.0.1:0")
            .env("PORTCULLIS_INTERNAL_LISTEN", "127.0.0.1:0")
            .env("PORTCULLIS_LOG_FORMAT", "json")
            .env("PORTCULLIS_DATA_DIR", &data)
            // All that a crowd is here comes from one machine, and signs in as one user.
            .env("PORTCULLIS_THROTTLE_PRESET", "off")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut log = BufReader::new(child.stdout.take().expect("its log"));
        let ready = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).expect("its log"), 0, "it ended before it was ready");
            let line: Value = serde_json::from_str(&line).expect("a line of JSON");
            if line["message"] == "ready" {
                break line;
            }
        };
        let started_in = begun.elapsed();
        let address =
            |name: &str| ready[name].as_str().and_then(|address| address.parse().ok()).expect("its address");
        let (public, internal) = (address("public"), address("internal"));
        Self { child, data, _log: log, public, internal, started_in }
    }

    /// Resident memory in bytes: now, and the most it ever was.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its status");
        let kib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).expect("a line of its status");
            line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("kibibytes") * 1024
        };
        (kib("VmRSS:"), kib("VmHWM:"))
    }
}

impl Drop for Portcullis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}

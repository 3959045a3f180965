//! The real binary, started as somebody would start it, and ended as unkindly as a test likes.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{folder::Folder, patience::PATIENCE, service::KEY_SECRET};

pub(crate) struct Process {
    child: Child,
    log: Receiver<String>,
    /// Everything it said so far.
    pub(crate) said: Vec<String>,
}

/// Where a process listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sockets {
    pub(crate) public: SocketAddr,
    pub(crate) internal: SocketAddr,
}

/// One command of it, to its end.
pub(crate) fn run(folder: &Folder, args: &[&str], settings: &[(&str, &str)]) -> Output {
    ended(command(folder, settings).args(args).stdin(Stdio::null()))
}

/// What a program said until it ended. One that does not end in two minutes is killed, and the test has failed.
pub(crate) fn ended(command: &mut Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = child.id().to_string();
    let (sender, output) = channel();
    thread::spawn(move || sender.send(child.wait_with_output().unwrap()));
    if let Ok(output) = output.recv_timeout(2 * PATIENCE) {
        return output;
    }
    Command::new("kill").args(["-KILL", &id]).status().unwrap();
    panic!("it does not end: {:?}", output.recv_timeout(PATIENCE));
}

fn command(folder: &Folder, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command
        .env_remove("RUST_BACKTRACE")
        .env("PORTCULLIS_PUBLIC_LISTEN", "127.0.0.1:0")
        .env("PORTCULLIS_INTERNAL_LISTEN", "127.0.0.1:0")
        .env("PORTCULLIS_PASSWORD_COST", "node")
        .env("PORTCULLIS_LOG_FORMAT", "json")
        .env("PORTCULLIS_DATA_DIR", folder.path())
        .env("PORTCULLIS_KEY_SECRET", KEY_SECRET)
        .env("PORTCULLIS_MAIL_URL", "none:")
        .env("PORTCULLIS_THROTTLE_PRESET", "off")
        .envs(settings.iter().copied());
    command
}

impl Process {
    /// Free ports, cheap hashes, the key secret that all tests share, and a log for programs, unless the settings say otherwise.
    pub(crate) fn start(folder: &Folder, settings: &[(&str, &str)]) -> Self {
        Self::start_as(folder, &[], settings)
    }

    /// A command that goes on until it is told to end.
    pub(crate) fn start_as(folder: &Folder, args: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut command = command(folder, settings);
        let mut child = command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, log) = channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let copy = sender.clone();
        thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).all(|line| sender.send(line).is_ok())
        });
        thread::spawn(move || {
            BufReader::new(err).lines().map_while(Result::ok).all(|line| copy.send(line).is_ok())
        });
        Self { child, log, said: Vec::new() }
    }

    /// Waits until it says that it is ready, and where, for programs or for people.
    pub(crate) fn ready(&mut self) -> Sockets {
        let line = self.hears(|line| line.contains("\"ready\"") || line.contains("  internal  "));
        if line.starts_with('{') {
            let line: Value = serde_json::from_str(&line).unwrap();
            let address = |name: &str| line[name].as_str().unwrap().parse().unwrap();
            return Sockets { public: address("public"), internal: address("internal") };
        }
        let after = |name: &str, words: &str| {
            let line = self.said.iter().find(|line| line.trim_start().starts_with(name)).unwrap();
            let address = line.split(words).nth(1).unwrap();
            address.split([')', ' ']).next().unwrap().parse().unwrap()
        };
        Sockets { public: after("public ", "listening on "), internal: after("internal ", "://") }
    }

    /// Waits for a line.
    pub(crate) fn hears(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let line =
                self.log.recv_timeout(left).unwrap_or_else(|_| panic!("it never said so: {:#?}", self.said));
            self.said.push(line.clone());
            if wanted(&line) {
                return line;
            }
        }
    }

    /// All that it has said.
    pub(crate) fn so_far(&mut self) -> &[String] {
        self.said.extend(self.log.try_iter());
        &self.said
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// As a machine that loses its power.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As an orchestrator or somebody at the keyboard asks for the end.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                // Until both ends have been read, or somebody else holds one.
                while let Ok(line) = self.log.recv_timeout(Duration::from_secs(2)) {
                    self.said.push(line);
                }
                return status;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

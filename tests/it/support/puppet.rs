//! A program of the tests that is told what to do, and says what happens to it: a line each, in JSON what it says.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

use serde_json::Value;

use super::patience::PATIENCE;

pub(crate) struct Puppet {
    pub(crate) port: u16,
    child: Mutex<Child>,
    lines: Mutex<Receiver<Value>>,
}

impl Puppet {
    /// Once it listens; the first that it says is where.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            let lines = out.lines().map_while(Result::ok);
            lines.map(|line| serde_json::from_str(&line).unwrap()).all(|line| sender.send(line).is_ok())
        });
        let first: Value = lines.recv_timeout(PATIENCE).expect("it says its port");
        let port = first["port"].as_u64().unwrap().try_into().unwrap();
        Self { port, child: Mutex::new(child), lines: Mutex::new(lines) }
    }

    /// From now on.
    pub(crate) fn behave(&self, how: &str) {
        writeln!(self.child.lock().unwrap().stdin.as_mut().unwrap(), "{how}").unwrap();
        while self.hears().get("behaves").is_none() {}
    }

    /// The next thing that it says.
    pub(crate) fn hears(&self) -> Value {
        self.lines.lock().unwrap().recv_timeout(PATIENCE).expect("it says something")
    }

    /// `None` where it says nothing for so long, and is still there.
    pub(crate) fn says_within(&self, duration: Duration) -> Option<Value> {
        match self.lines.lock().unwrap().recv_timeout(duration) {
            Ok(said) => Some(said),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("it has ended"),
        }
    }

    /// Everything that it has said by now.
    pub(crate) fn heard(&self) -> Vec<Value> {
        self.lines.lock().unwrap().try_iter().collect()
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }
}

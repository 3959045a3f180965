//! A real collector of traces and logs, which knows the official schema and which a test may make slow or hostile.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Mutex, Once,
        mpsc::{Receiver, channel},
    },
    thread,
};

use serde_json::Value;

use super::patience::PATIENCE;

pub(crate) struct Collector {
    port: u16,
    child: Mutex<Child>,
    lines: Mutex<Receiver<Value>>,
}

impl Collector {
    /// `None`, said once and aloud, where there is none.
    pub(crate) fn start() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/otlp.py");
        let mut child =
            Command::new(find()?).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            let lines = out.lines().map_while(Result::ok);
            lines.map(|line| serde_json::from_str(&line).unwrap()).all(|line| sender.send(line).is_ok())
        });
        let first: Value = lines.recv_timeout(PATIENCE).expect("it says its port");
        let port = first["port"].as_u64().unwrap().try_into().unwrap();
        Some(Self { port, child: Mutex::new(child), lines: Mutex::new(lines) })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on: `accept`, `refuse CODE` or `hang`.
    pub(crate) fn behave(&self, how: &str) {
        writeln!(self.child.lock().unwrap().stdin.as_mut().unwrap(), "{how}").unwrap();
        while self.hears().get("behaves").is_none() {}
    }

    /// The next thing that it says; what it is sent is as the schema wants it.
    pub(crate) fn hears(&self) -> Value {
        let said = self.lines.lock().unwrap().recv_timeout(PATIENCE).expect("the collector hears something");
        assert!(said.get("wrong").is_none(), "{said}");
        said
    }

    /// Everything that it was sent and has not said yet.
    pub(crate) fn heard(&self) -> Vec<Value> {
        self.lines
            .lock()
            .unwrap()
            .try_iter()
            .inspect(|said| assert!(said.get("wrong").is_none(), "{said}"))
            .collect()
    }

    /// All spans of one trace, once there are those of these names.
    pub(crate) fn trace(&self, id: &str, names: &[&str]) -> Vec<Value> {
        let mut found = Vec::new();
        while !names.iter().all(|name| found.iter().any(|span: &Value| span["name"] == *name)) {
            found.extend(spans(&self.hears()).into_iter().filter(|span| span["traceId"] == id));
        }
        found
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// In what the collector said that it was sent.
pub(crate) fn spans(said: &Value) -> Vec<Value> {
    below(&said["body"]["resourceSpans"][0]["scopeSpans"][0]["spans"])
}

pub(crate) fn log_records(said: &Value) -> Vec<Value> {
    below(&said["body"]["resourceLogs"][0]["scopeLogs"][0]["logRecords"])
}

fn below(list: &Value) -> Vec<Value> {
    list.as_array().cloned().unwrap_or_default()
}

/// Whatever type it has, as text.
pub(crate) fn attribute(of: &Value, name: &str) -> Option<String> {
    let attributes = of["attributes"].as_array()?;
    let value = &attributes.iter().find(|attribute| attribute["key"] == name)?["value"];
    let value = value.as_object()?.values().next()?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// The Python that has the schema.
fn find() -> Option<String> {
    static SAID: Once = Once::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let answer = Command::new(root.join("tests/tools/fetch-otlp")).output().unwrap();
    if answer.status.success() {
        return Some(String::from_utf8(answer.stdout).unwrap().trim().to_owned());
    }
    // Not by a macro, whose output the test harness would keep to itself.
    SAID.call_once(|| {
        io::stderr().write_all(b"\nskipped: no collector; make test fetches one\n").unwrap();
    });
    None
}

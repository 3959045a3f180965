//! A real collector of traces and logs, which knows the official schema and which a test may make slow or hostile.

use std::{
    io::{self, Write},
    path::Path,
    process::Command,
    sync::Once,
};

use serde_json::Value;

use super::puppet::Puppet;

pub(crate) struct Collector(Puppet);

impl Collector {
    /// `None`, said once and aloud, where there is none.
    pub(crate) fn start() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/otlp.py");
        Some(Self(Puppet::start(Command::new(find()?).arg(script))))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port)
    }

    /// From now on: `accept`, `refuse CODE` or `hang`.
    pub(crate) fn behave(&self, how: &str) {
        self.0.behave(how);
    }

    /// The next thing that it says; what it is sent is as the schema wants it.
    pub(crate) fn hears(&self) -> Value {
        let said = self.0.hears();
        assert!(said.get("wrong").is_none(), "{said}");
        said
    }

    /// Everything that it was sent and has not said yet.
    pub(crate) fn heard(&self) -> Vec<Value> {
        let heard = self.0.heard();
        assert!(heard.iter().all(|said| said.get("wrong").is_none()), "{heard:?}");
        heard
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

//! The page of figures, as Prometheus reads it: names, labels, values.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    net::SocketAddr,
    process::{Command, Stdio},
    sync::Once,
};

use super::browser::Browser;

pub(crate) struct Figures {
    pub(crate) text: String,
    values: BTreeMap<String, f64>,
}

impl Figures {
    pub(crate) async fn of(internal: SocketAddr) -> Self {
        let answer = Browser::to(internal).get("/metrics").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        Self::read(answer.text)
    }

    fn read(text: String) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let values = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
        });
        let values: BTreeMap<_, _> = values.collect();
        assert_eq!(
            values.len(),
            text.lines().filter(|line| !line.starts_with('#')).count(),
            "one value twice"
        );
        Self { text, values }
    }

    /// Of a name with its labels, as they stand there. What is not there has not happened yet.
    pub(crate) fn get(&self, name: &str) -> f64 {
        self.values.get(name).copied().unwrap_or(0.0)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Each name that is explained.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        let explained = self.text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        explained.map(|line| line.split(' ').next().unwrap()).collect()
    }

    /// The name and labels of all values.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// What promtool says to an input; `None`, said once and aloud, where there is none.
pub(crate) fn promtool(args: &[&str], input: &str) -> Option<Result<(), String>> {
    static SAID: Once = Once::new();
    let child = Command::new("promtool")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        // Not by a macro, whose output the test harness would keep to itself.
        SAID.call_once(|| {
            io::stderr().write_all(b"\nskipped: no promtool; it comes with Prometheus\n").unwrap();
        });
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    Some(if output.status.success() { Ok(()) } else { Err(said) })
}

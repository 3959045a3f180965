//! A real mail server, which a test may make slow, hostile or dead.

use std::{
    io::{self, Write},
    path::Path,
    process::Command,
    sync::Once,
    time::Duration,
};

use serde_json::Value;

use super::puppet::Puppet;

pub(crate) struct MailServer {
    pub(crate) port: u16,
    puppet: Puppet,
}

/// What the server was sent.
#[derive(Debug)]
pub(crate) struct Received(pub(crate) Value);

impl MailServer {
    /// In the clear. `None`, said once and aloud, where there is none.
    pub(crate) fn start() -> Option<Self> {
        Self::with(0, &[])
    }

    /// On this port, or any for 0; with more words for its command line.
    pub(crate) fn with(port: u16, args: &[&str]) -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/smtpd.py");
        let puppet = Puppet::start(Command::new(find()?).args([script, &port.to_string()]).args(args));
        Some(Self { port: puppet.port, puppet })
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}?tls=none", self.port)
    }

    /// From now on: `accept`, `refuse CODE`, `slow SECONDS` or `drop`.
    pub(crate) fn behave(&self, how: &str) {
        self.puppet.behave(how);
    }

    /// The next thing that it says.
    pub(crate) fn hears(&self) -> Value {
        self.puppet.hears()
    }

    /// The next mail. Whoever waits for it lets the service's own threads go on.
    pub(crate) async fn mail(&self) -> Received {
        tokio::task::yield_now().await;
        loop {
            let said = self.hears();
            if said.get("to").is_some() {
                return Received(said);
            }
        }
    }

    /// Somebody was refused.
    pub(crate) fn refuses(&self) {
        while self.hears().get("refused").is_none() {}
    }

    /// Nothing comes for so long.
    pub(crate) fn hears_nothing_for(&self, duration: Duration) {
        assert_eq!(self.puppet.says_within(duration), None);
    }
}

impl Received {
    pub(crate) fn to(&self) -> &str {
        assert_eq!(self.0["to"].as_array().unwrap().len(), 1, "{self:?}");
        self.0["to"][0].as_str().unwrap()
    }

    pub(crate) fn subject(&self) -> &str {
        self.0["headers"]["Subject"].as_str().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        self.0["text"].as_str().unwrap()
    }

    /// The whole link in it, which both forms of the mail have.
    pub(crate) fn link(&self) -> String {
        let start = self.text().find("http").unwrap_or_else(|| panic!("no link: {self:?}"));
        let link = self.text()[start..].split_whitespace().next().unwrap().to_owned();
        assert!(self.0["html"].as_str().unwrap().contains(&format!("href=\"{link}\"")), "{self:?}");
        link
    }

    pub(crate) fn token(&self) -> String {
        self.link().split_once("#token=").expect("a token, in the fragment").1.to_owned()
    }
}

/// The Python that has it.
fn find() -> Option<String> {
    static SAID: Once = Once::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let answer = Command::new(root.join("tests/tools/fetch-smtpd")).output().unwrap();
    if answer.status.success() {
        return Some(String::from_utf8(answer.stdout).unwrap().trim().to_owned());
    }
    // Not by a macro, whose output the test harness would keep to itself.
    SAID.call_once(|| {
        io::stderr().write_all(b"\nskipped: no mail server; make test fetches one\n").unwrap();
    });
    None
}

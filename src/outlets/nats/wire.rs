//! The lines of the protocol of NATS: what is said to a server, and what a server says.

use std::io::Write as _;

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Login;
use crate::outlets::Parcel;

/// What a server says of itself. Where else its cluster is (`connect_urls`) is no word of ours: whoever could say so in the clear
/// could lead us anywhere, and the login with us.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Info {
    #[serde(default)]
    pub(super) tls_required: bool,
    #[serde(default)]
    pub(super) headers: bool,
    /// Of headers and body together.
    pub(super) max_payload: usize,
}

/// A line of a server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Info(Info),
    Ping,
    Pong,
    Ok,
    Error(String),
    /// What follows the line are so many bytes, the headers among them.
    Message {
        subject: String,
        headers: usize,
        total: usize,
    },
}

/// `None` for what no server would say.
pub(super) fn parse(line: &str) -> Option<Said> {
    let (verb, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    match verb {
        "INFO" => serde_json::from_str(rest).ok().map(Said::Info),
        "PING" => Some(Said::Ping),
        "PONG" => Some(Said::Pong),
        "+OK" => Some(Said::Ok),
        "-ERR" => Some(Said::Error(rest.trim().trim_matches('\'').to_owned())),
        "MSG" => message(rest, false),
        "HMSG" => message(rest, true),
        _ => None,
    }
}

/// `SUBJECT SID [REPLY] [HEADERS] TOTAL`
fn message(rest: &str, has_headers: bool) -> Option<Said> {
    let mut words = rest.split_whitespace();
    let subject = words.next()?.to_owned();
    let _subscription = words.next()?;
    let total = words.next_back()?.parse().ok()?;
    let headers = if has_headers { words.next_back()?.parse().ok()? } else { 0 };
    let is_one = words.count() <= 1 && headers <= total;
    is_one.then_some(Said::Message { subject, headers, total })
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "as the protocol has it")]
struct Connect<'a> {
    verbose: bool,
    pedantic: bool,
    headers: bool,
    no_responders: bool,
    tls_required: bool,
    protocol: u8,
    name: &'static str,
    version: &'static str,
    lang: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pass: Option<&'a str>,
}

/// Who we are, what we listen to, and a question that is answered once both were taken.
pub(super) fn greeting(
    login: &Login,
    tls: bool,
    inbox: &str,
) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let (auth_token, user, pass) = match login {
        Login::None => (None, None, None),
        Login::Token(token) => (Some(token.expose_secret()), None, None),
        Login::Password(name, password) => (None, Some(name.as_str()), Some(password.expose_secret())),
    };
    let connect = Connect {
        verbose: false,
        pedantic: false,
        headers: true,
        no_responders: true,
        tls_required: tls,
        protocol: 1,
        name: "portcullis",
        version: env!("CARGO_PKG_VERSION"),
        lang: "rust",
        auth_token,
        user,
        pass,
    };
    // Room for all of it at once: what grows leaves copies behind.
    let mut said = Zeroizing::new(Vec::with_capacity(4096));
    said.extend_from_slice(b"CONNECT ");
    serde_json::to_writer(&mut *said, &connect)?;
    write!(said, "\r\nSUB {inbox}.* 1\r\nPING\r\n").map_err(serde_json::Error::io)?;
    Ok(said)
}

/// A question to whoever listens there.
pub(super) fn question(subject: &str, reply: &str, asked: &str, said: &mut Vec<u8>) {
    said.extend_from_slice(format!("PUB {subject} {reply} {}\r\n{asked}\r\n", asked.len()).as_bytes());
}

/// A parcel as it is published, headers and body.
pub(super) struct Publication<'a> {
    head: String,
    body: &'a str,
}

impl<'a> Publication<'a> {
    pub(super) fn of(parcel: &'a Parcel) -> Self {
        // By the first of these a stream knows again what it has.
        let head = format!(
            "NATS/1.0\r\nNats-Msg-Id: {}\r\ncontent-type: application/cloudevents+json\r\n\r\n",
            parcel.id
        );
        Self { head, body: &parcel.body }
    }

    pub(super) const fn size(&self) -> usize {
        self.head.len().saturating_add(self.body.len())
    }

    pub(super) fn write(&self, subject: &str, reply: &str, said: &mut Vec<u8>) {
        let (head, total) = (self.head.len(), self.size());
        said.extend_from_slice(format!("HPUB {subject} {reply} {head} {total}\r\n").as_bytes());
        for part in [&self.head, self.body, "\r\n"] {
            said.extend_from_slice(part.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::domain::{event::EventKind, id::EventId};

    #[test]
    fn what_servers_say_is_read() {
        let info = Info { tls_required: true, headers: true, max_payload: 9 };
        let message = |headers, total| Said::Message { subject: "_INBOX.a.7".to_owned(), headers, total };
        for (line, said) in [
            (
                r#"INFO {"tls_required":true,"headers":true,"max_payload":9,"connect_urls":["x"]} "#,
                Said::Info(info),
            ),
            ("PING", Said::Ping),
            ("PONG", Said::Pong),
            ("+OK", Said::Ok),
            ("-ERR 'Authorization Violation'", Said::Error("Authorization Violation".to_owned())),
            ("MSG _INBOX.a.7 1 23", message(0, 23)),
            ("MSG _INBOX.a.7 1 back 23", message(0, 23)),
            ("MSG _INBOX.a.7 1  0", message(0, 0)),
            ("HMSG _INBOX.a.7 1 16 16", message(16, 16)),
            ("HMSG _INBOX.a.7 1 back 16 18", message(16, 18)),
        ] {
            assert_eq!(parse(line), Some(said), "{line}");
        }
    }

    #[test]
    fn what_no_server_says_is_nothing() {
        for line in [
            "",
            "HTTP/1.1 400 Bad Request",
            "220 mail.example.org ESMTP",
            "INFO",
            "INFO {}",
            "MSG a 1",
            "MSG a 1 b c 5",
            "MSG a 1 -5",
            "MSG a 1 99999999999999999999",
            "HMSG a 1 5",
            "HMSG a 1 6 5",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn a_greeting_says_who_we_are_and_asks_whether_that_will_do() {
        let said = |login: &Login| {
            let said = greeting(login, true, "_INBOX.a").unwrap();
            let text = str::from_utf8(&said).unwrap();
            let (connect, rest) = text.strip_prefix("CONNECT ").unwrap().split_once("\r\n").unwrap();
            assert_eq!(rest, "SUB _INBOX.a.* 1\r\nPING\r\n");
            serde_json::from_str::<Value>(connect).unwrap()
        };
        let nobody = said(&Login::None);
        assert_eq!(nobody["tls_required"], true);
        assert!(["auth_token", "user", "pass"].iter().all(|name| nobody.get(name).is_none()), "{nobody}");
        assert_eq!(said(&Login::Token("t\r\n\"".into()))["auth_token"], "t\r\n\"");
        let ada = said(&Login::Password("ada".to_owned(), "secret".into()));
        assert_eq!((&ada["user"], &ada["pass"]), (&json!("ada"), &json!("secret")));
    }

    #[test]
    fn a_parcel_says_how_long_it_is() {
        let id = EventId::from_uuid(Uuid::nil());
        let parcel = Parcel { id, kind: EventKind::SignedIn, body: "{\"ä\":1}".to_owned() };
        let publication = Publication::of(&parcel);
        let mut said = Vec::new();
        publication.write("a.signed_in", "_INBOX.a.7", &mut said);
        let head = "NATS/1.0\r\nNats-Msg-Id: 00000000-0000-0000-0000-000000000000\r\n\
            content-type: application/cloudevents+json\r\n\r\n";
        let expected = format!("HPUB a.signed_in _INBOX.a.7 107 115\r\n{head}{{\"ä\":1}}\r\n");
        assert_eq!(String::from_utf8(said).unwrap(), expected);
        assert_eq!((head.len(), publication.size()), (107, 115));
    }
}

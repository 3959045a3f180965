//! Whether the servers of NATS would take events: each is signed in to and asked which streams take them, and nothing is published.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::{
    CONNECT, Login, Nats, Server, ack::Answer, broken::Broken, connection::Connection, words::without_secret,
};
use crate::{
    domain::{
        event::EventKind,
        finding::{Finding, State},
    },
    outlets::CHECK,
};

/// Where JetStream says which of its streams take a subject.
const STREAMS_OF: &str = "$JS.API.STREAM.NAMES";

/// Why nothing would be published there, or why nobody can say.
enum Amiss {
    Away(Broken),
    /// It lets us in, and keeps us from hearing an answer.
    MayNotHear(String),
    /// It lets us in, and JetStream does not answer.
    Mute,
    /// It lets us in, and there is no JetStream for us.
    NoJetStream(String),
    NoStream(String),
    MayNotAsk(String),
}

#[derive(Deserialize)]
struct Names {
    error: Option<Refused>,
    streams: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Refused {
    #[serde(default)]
    description: String,
}

impl Nats {
    /// Where one server lets us in, events go to that one.
    pub(super) async fn look_at_each(&self, limit: Duration) -> Vec<Finding> {
        let mut found = join_all(self.broker.servers.iter().map(|server| self.look_at(server, limit))).await;
        if found.iter().any(|finding| finding.state != State::Wrong) {
            let wrong = found.iter_mut().filter(|finding| finding.state == State::Wrong);
            wrong.for_each(|finding| finding.state = State::Warning);
        }
        found
    }

    async fn look_at(&self, server: &Server, limit: Duration) -> Finding {
        let pattern = self.broker.subject.pattern();
        let late = |_| Err(Amiss::Away(Broken::Late));
        match timeout(limit, self.ask(server)).await.unwrap_or_else(late) {
            Ok(streams) => {
                let streams = streams.into_iter().collect::<Vec<_>>().join(", ");
                let what = format!(
                    "{server} lets us in, and of its streams {streams} takes {pattern}; nothing was published"
                );
                Finding::fine(CHECK, what)
            }
            Err(amiss) => amiss.finding(server, &pattern),
        }
    }

    /// The streams that take events, if there is one for each kind.
    async fn ask(&self, server: &Server) -> Result<BTreeSet<String>, Amiss> {
        let login = &self.broker.login;
        let opened = Connection::open(server, login, self.tls.as_ref(), &*self.entropy);
        let mut connection =
            timeout(CONNECT, opened).await.unwrap_or(Err(Broken::Late)).map_err(Amiss::of_a_greeting)?;
        let subjects: Vec<_> = EventKind::ALL.iter().map(|kind| self.broker.subject.of(*kind)).collect();
        let questions: Vec<_> =
            subjects.iter().map(|subject| json!({ "subject": subject }).to_string()).collect();
        let numbers = connection.ask(STREAMS_OF, &questions).await.map_err(Amiss::Away)?;
        let (mut streams, mut untaken) = (BTreeSet::new(), Vec::new());
        for (number, subject) in numbers.zip(&subjects) {
            let answer = connection.answer_to(number, login).await.map_err(Amiss::of_a_question)?;
            let taking = read(&answer, login)?;
            if taking.is_empty() {
                untaken.push(subject);
            }
            streams.extend(taking);
        }
        match untaken.first() {
            None => Ok(streams),
            Some(_) if untaken.len() == subjects.len() => Err(Amiss::NoStream(self.broker.subject.pattern())),
            Some(subject) => Err(Amiss::NoStream((*subject).clone())),
        }
    }
}

/// The names of the streams that an answer gives.
fn read(answer: &Answer, login: &Login) -> Result<Vec<String>, Amiss> {
    if answer.headers.starts_with(b"NATS/1.0 503") {
        return Err(Amiss::NoJetStream("nobody answers for JetStream".to_owned()));
    }
    match serde_json::from_slice(&answer.body) {
        Ok(Names { error: Some(refused), .. }) => Err(Amiss::NoJetStream(format!(
            "JetStream says: {}",
            without_secret(&refused.description, login)
        ))),
        Ok(Names { error: None, streams }) => {
            Ok(streams.unwrap_or_default().iter().map(|name| without_secret(name, login)).collect())
        }
        Err(_) => Err(Amiss::NoJetStream("what answers for JetStream is something else".to_owned())),
    }
}

impl Amiss {
    fn of_a_greeting(broken: Broken) -> Self {
        match broken {
            Broken::Forbidden(said) => Self::MayNotHear(said),
            other => Self::Away(other),
        }
    }

    fn of_a_question(broken: Broken) -> Self {
        match broken {
            Broken::Forbidden(said) => Self::MayNotAsk(said),
            Broken::Silent => Self::Mute,
            other => Self::Away(other),
        }
    }

    fn finding(&self, server: &Server, pattern: &str) -> Finding {
        match self {
            Self::Away(broken) => Finding::wrong(
                CHECK,
                format!("{server}: {broken}"),
                "see that PORTCULLIS_NATS_URL names the servers and their login, and PORTCULLIS_NATS_CA_FILE the authority of their \
                 certificates where that is no public one; docs/events.md",
            ),
            Self::MayNotHear(said) => Finding::wrong(
                CHECK,
                format!("{server} lets us in, but we may not hear its answers; it says: {said}"),
                "let this login subscribe to _INBOX.>",
            ),
            Self::Mute => Finding::wrong(
                CHECK,
                format!("{server} lets us in, but JetStream does not answer in time"),
                "see that JetStream has a leader: nats server report jetstream",
            ),
            Self::NoJetStream(why) => Finding::wrong(
                CHECK,
                format!("{server} lets us in, but {why}"),
                "enable JetStream on the server, and for the account of this login",
            ),
            Self::NoStream(subject) => Finding::wrong(
                CHECK,
                format!("{server} lets us in, but no stream takes {subject}: events wait"),
                format!("make a stream in the account of this login that takes {pattern}; docs/events.md"),
            ),
            Self::MayNotAsk(said) => Finding::warning(
                CHECK,
                format!(
                    "{server} lets us in, but we may not ask whether a stream takes {pattern}; it says: {said}"
                ),
                format!(
                    "let this login publish to {STREAMS_OF}, or look as one who may: nats stream ls --subject '{pattern}'"
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(headers: &str, body: &str) -> Result<Vec<String>, String> {
        let answer = Answer { headers: headers.into(), body: body.into() };
        let server = Server { host: "a".to_owned(), port: 1, tls: true };
        read(&answer, &Login::None).map_err(|amiss| amiss.finding(&server, "a.>").what)
    }

    #[test]
    fn streams_are_told_by_their_names() {
        assert_eq!(said("", r#"{"total":1,"streams":["A"]}"#), Ok(vec!["A".to_owned()]));
        for none in [r#"{"total":0,"streams":null}"#, r#"{"streams":[]}"#, "{}"] {
            assert_eq!(said("", none), Ok(Vec::new()), "{none}");
        }
    }

    #[test]
    fn where_there_is_no_jetstream_that_is_said() {
        let disabled =
            r#"{"error":{"code":503,"err_code":10039,"description":"JetStream not enabled for account"}}"#;
        for (headers, body, word) in [
            ("NATS/1.0 503\r\n\r\n", "", "tls://a:1 lets us in, but nobody answers"),
            ("", disabled, "JetStream not enabled for account"),
            ("", "hello", "something else"),
        ] {
            let said = said(headers, body).unwrap_err();
            assert!(said.contains(word), "{said}");
        }
    }
}

//! A connection to one NATS server: how it begins, what is published on it, and what is answered.

use std::{collections::BTreeMap, ops::Range};

use tokio_rustls::TlsConnector;

use super::{Login, Server, ack::Answer, broken::Broken, reach::reach, talk::Talk, wire};
use crate::{
    domain::{
        clock::{Entropy, random},
        hex::hex,
        subject::Subject,
    },
    outlets::Parcel,
};

pub(super) struct Connection {
    talk: Talk,
    /// Where answers come, behind it the number of what they answer.
    inbox: String,
    /// Of the next message; none is given twice, so that no late answer is taken for one to another.
    next: u64,
    /// Answers that came before they were asked for.
    early: BTreeMap<u64, Answer>,
}

/// More than any event needs. Whoever takes less is at fault, and no event is: it is said before TLS, where anybody could say it.
const NEEDED: usize = 64 * 1024;

impl Connection {
    /// Whoever asks for it sets a limit to it.
    pub(super) async fn open(
        server: &Server,
        login: &Login,
        tls: Option<&TlsConnector>,
        entropy: &dyn Entropy,
    ) -> Result<Self, Broken> {
        let tcp = reach(&server.host, server.port).await?;
        tcp.set_nodelay(true)?;
        let mut talk = Talk::over(tcp);
        let wire::Said::Info(info) = talk.hear().await? else { return Err(Broken::NotNats) };
        if !info.headers {
            return Err(Broken::NoHeaders);
        }
        if info.max_payload < NEEDED {
            return Err(Broken::Narrow(info.max_payload));
        }
        let secured = server.tls || info.tls_required;
        if secured {
            // By the name that we were told, never by one that the server says of itself.
            talk = talk.secured(tls.ok_or(Broken::NobodyToBelieve)?, &server.host).await?;
        }
        let inbox = format!("_INBOX.{}", hex(&random::<16>(entropy)?));
        talk.say(&wire::greeting(login, secured, &inbox).map_err(Broken::Speechless)?).await?;
        loop {
            match talk.hear().await? {
                wire::Said::Pong => {
                    return Ok(Self { talk, inbox, next: 0, early: BTreeMap::new() });
                }
                wire::Said::Error(words) => return Err(Broken::said(&words, login)),
                _ => {}
            }
        }
    }

    /// All at once. The answers come by the numbers that are returned.
    pub(super) async fn publish(
        &mut self,
        subject: &Subject,
        parcels: &[Parcel],
    ) -> Result<Range<u64>, Broken> {
        let write = |parcel: &Parcel, reply: &str, said: &mut Vec<u8>| {
            wire::Publication::of(parcel).write(&subject.of(parcel.kind), reply, said);
        };
        self.say(parcels, write).await
    }

    /// Asks whoever listens there, in the same way.
    pub(super) async fn ask(&mut self, subject: &str, questions: &[String]) -> Result<Range<u64>, Broken> {
        let write = |question: &String, reply: &str, said: &mut Vec<u8>| {
            wire::question(subject, reply, question, said);
        };
        self.say(questions, write).await
    }

    async fn say<T: Sync>(
        &mut self,
        all: &[T],
        write: impl Fn(&T, &str, &mut Vec<u8>) + Send,
    ) -> Result<Range<u64>, Broken> {
        let first = self.next;
        self.early.clear();
        let mut said = Vec::new();
        for one in all {
            write(one, &format!("{}.{}", self.inbox, self.next), &mut said);
            self.next = self.next.saturating_add(1);
        }
        self.talk.say(&said).await?;
        Ok(first..self.next)
    }

    /// What is said of the message of this number.
    pub(super) async fn answer_to(&mut self, number: u64, login: &Login) -> Result<Answer, Broken> {
        loop {
            if let Some(answer) = self.early.remove(&number) {
                return Ok(answer);
            }
            let (said_of, answer) = self.answer(login).await?;
            if (number..self.next).contains(&said_of) {
                self.early.insert(said_of, answer);
            }
        }
    }

    /// The next one, and to what.
    async fn answer(&mut self, login: &Login) -> Result<(u64, Answer), Broken> {
        loop {
            let said = self.talk.hear().await.map_err(|broken| match broken {
                Broken::Late => Broken::Silent,
                other => other,
            })?;
            match said {
                wire::Said::Message { subject, headers, total } => {
                    let (headers, body) = self.talk.message(headers, total).await?;
                    if let Some(number) = self.number(&subject) {
                        return Ok((number, Answer { headers, body }));
                    }
                }
                wire::Said::Error(words) => return Err(Broken::said(&words, login)),
                _ => {}
            }
        }
    }

    fn number(&self, subject: &str) -> Option<u64> {
        subject.strip_prefix(&self.inbox)?.strip_prefix('.')?.parse().ok()
    }
}

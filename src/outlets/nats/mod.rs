//! Events go to NATS JetStream: published all at once, and taken where a stream says that it keeps them.
//!
//! The client is our own (ADR 0027): one exchange at a time, nothing is queued, nothing goes on behind anybody's back.

mod ack;
mod broken;
mod connection;
mod talk;
mod tls;
mod wire;
mod words;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::{sync::Mutex, time::timeout};
use tokio_rustls::TlsConnector;

use super::{DEADLINE, Handed, NotTaken, Parcel, Way};
use crate::domain::{clock::Entropy, subject::Subject};
use broken::Broken;
use connection::Connection;

/// Where NATS is, how it is spoken to, and what is published there.
#[derive(Debug)]
pub struct Broker {
    /// Of one cluster: which of them takes something is all the same.
    pub servers: Vec<Server>,
    pub login: Login,
    /// Whom to believe who they are, beside whom this machine believes; in PEM form.
    pub authorities: Option<Vec<u8>>,
    pub subject: Subject,
}

#[derive(Clone, Debug)]
pub struct Server {
    pub host: String,
    pub port: u16,
    /// Whether it is told nothing without TLS. Otherwise that is as it likes.
    pub tls: bool,
}

#[derive(Clone, Debug)]
pub enum Login {
    None,
    Token(SecretString),
    Password(String, SecretString),
}

/// Why there is no way to publish.
#[derive(Debug, thiserror::Error)]
pub enum NoWay {
    #[error("no authorities to believe: {0}")]
    Authorities(String),
}

pub struct Nats {
    broker: Broker,
    /// `None` where nobody needs it, and this machine has no authorities.
    tls: Option<TlsConnector>,
    entropy: Arc<dyn Entropy>,
    kept: Mutex<Kept>,
}

/// From one exchange to the next.
#[derive(Default)]
struct Kept {
    connection: Option<Connection>,
    /// The server to try first.
    first: usize,
}

/// To reach a server takes no longer.
const CONNECT: Duration = Duration::from_secs(3);

impl Nats {
    pub fn new(broker: Broker, entropy: Arc<dyn Entropy>) -> Result<Self, NoWay> {
        let tls = match tls::connector(broker.authorities.as_deref()) {
            Ok(connector) => Some(connector),
            Err(_) if broker.authorities.is_none() && broker.servers.iter().all(|server| !server.tls) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { broker, tls, entropy, kept: Mutex::default() })
    }

    /// What was kept may have ended since it was used, without anybody hearing of it: then it is all tried once more.
    async fn exchange(&self, parcels: &[Parcel], taken: &mut usize) -> Result<(), NotTaken> {
        let mut kept = self.kept.lock().await;
        if let Some(connection) = kept.connection.take()
            && let Ok(outcome) = self.exchange_on(connection, &mut kept, parcels, taken).await
        {
            return outcome;
        }
        let connection = self.connect(&mut kept.first).await?;
        let outcome = self.exchange_on(connection, &mut kept, parcels, taken).await;
        outcome.unwrap_or_else(|broken| {
            let server = self.broker.servers.get(kept.first).map(Server::to_string).unwrap_or_default();
            // The turn of another, which may be able to.
            kept.first = kept.first.saturating_add(1);
            Err(NotTaken::NotNow(format!("{server}: {broken}")))
        })
    }

    /// Keeps the connection, unless it broke. Whoever stops waiting for this has it closed.
    async fn exchange_on(
        &self,
        mut connection: Connection,
        kept: &mut Kept,
        parcels: &[Parcel],
        taken: &mut usize,
    ) -> Result<Result<(), NotTaken>, Broken> {
        let outcome = self.publish(&mut connection, parcels, taken).await?;
        kept.connection = Some(connection);
        Ok(outcome)
    }

    /// Those that are not taken yet, as far as none is too large; ends with the last, or the first that was not taken.
    async fn publish(
        &self,
        connection: &mut Connection,
        parcels: &[Parcel],
        taken: &mut usize,
    ) -> Result<Result<(), NotTaken>, Broken> {
        let left = parcels.get(*taken..).unwrap_or_default();
        let size = |parcel: &Parcel| wire::Publication::of(parcel).size();
        let fits = |parcel: &&Parcel| size(parcel) <= connection.most;
        let (fitting, rest) = left.split_at(left.iter().take_while(fits).count());
        let Broker { subject, login, .. } = &self.broker;
        let pattern = subject.pattern();
        for number in connection.publish(subject, fitting).await? {
            let answer = connection.answer_to(number, login).await?;
            if let Err(not_taken) = ack::read(&answer, &pattern, login) {
                return Ok(Err(not_taken));
            }
            *taken = taken.saturating_add(1);
        }
        Ok(rest.first().map_or(Ok(()), |parcel| Err(too_large(size(parcel), connection.most))))
    }

    /// To the first server that lets us, beginning with the one that did last.
    async fn connect(&self, first: &mut usize) -> Result<Connection, NotTaken> {
        let (servers, login) = (&self.broker.servers, &self.broker.login);
        let mut troubles = Vec::new();
        for (at, server) in servers.iter().enumerate().cycle().skip(*first).take(servers.len()) {
            let opened = Connection::open(server, login, self.tls.as_ref(), &*self.entropy);
            match timeout(CONNECT, opened).await.unwrap_or(Err(Broken::Late)) {
                Ok(connection) => {
                    *first = at;
                    return Ok(connection);
                }
                Err(broken) => troubles.push(format!("{server}: {broken}")),
            }
        }
        Err(NotTaken::NotNow(troubles.join("; ")))
    }
}

fn too_large(size: usize, most: usize) -> NotTaken {
    NotTaken::NotThisOne(format!("with its headers it has {size} bytes, and the server takes {most}"))
}

#[async_trait]
impl Way for Nats {
    async fn hand_over(&self, parcels: &[Parcel], _: Timestamp) -> Handed {
        let mut taken = 0;
        let handed = timeout(DEADLINE, self.exchange(parcels, &mut taken)).await;
        let late = || Err(NotTaken::NotNow("NATS does not answer in time".to_owned()));
        let trouble = handed.unwrap_or_else(|_| late()).err();
        Handed { taken, trouble, later: false }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats").field("broker", &self.broker).finish_non_exhaustive()
    }
}

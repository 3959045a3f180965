//! Events go to NATS JetStream: published all at once, and taken where a stream says that it keeps them.
//!
//! The client is our own (ADR 0027): one exchange at a time, nothing is queued, nothing goes on behind anybody's back.

mod ack;
mod broken;
mod connection;
mod look;
mod reach;
mod talk;
mod tls;
mod wire;
mod words;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::{sync::Mutex, time::timeout};
use tokio_rustls::TlsConnector;

use super::{DEADLINE, Handed, NotTaken, Parcel, Way};
pub use crate::domain::broker::{Login, Server};
use crate::domain::{clock::Entropy, finding::Finding, subject::Subject};
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

impl Kept {
    /// The next time another server is asked, or another one of the same name: what is wrong may be with this one alone.
    const fn turn(&mut self) {
        self.first = self.first.saturating_add(1);
    }
}

/// To be let in by a server takes no longer.
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
    async fn exchange(&self, parcels: &[Parcel], handed: &mut Handed) -> Result<(), NotTaken> {
        let mut kept = self.kept.lock().await;
        if let Some(connection) = kept.connection.take()
            && self.exchange_on(connection, &mut kept, parcels, handed).await.is_ok()
        {
            return Ok(());
        }
        let connection = self.connect(&mut kept.first).await?;
        let exchanged = self.exchange_on(connection, &mut kept, parcels, handed).await;
        exchanged.map_err(|broken| {
            let server = self.broker.servers.get(kept.first).map(Server::to_string).unwrap_or_default();
            kept.turn();
            NotTaken::NotNow(format!("{server}: {broken}"))
        })
    }

    /// Keeps the connection, unless it broke, or nothing is taken by it now. Whoever stops waiting for this has it closed.
    async fn exchange_on(
        &self,
        mut connection: Connection,
        kept: &mut Kept,
        parcels: &[Parcel],
        handed: &mut Handed,
    ) -> Result<(), Broken> {
        let published = self.publish(&mut connection, parcels, handed).await;
        match (&handed.trouble, published) {
            (None, Err(broken)) => return Err(broken),
            (Some(NotTaken::NotNow(_)), _) => kept.turn(),
            (_, Ok(())) => kept.connection = Some(connection),
            (Some(NotTaken::NotThisOne(_)), Err(_)) => {}
        }
        Ok(())
    }

    /// Those that are not taken yet; ends with the last, or where it is clear whose fault the first is that was not taken.
    async fn publish(
        &self,
        connection: &mut Connection,
        parcels: &[Parcel],
        handed: &mut Handed,
    ) -> Result<(), Broken> {
        let left = parcels.get(handed.taken..).unwrap_or_default();
        let Broker { subject, login, .. } = &self.broker;
        let pattern = subject.pattern();
        for number in connection.publish(subject, left).await? {
            let answer = connection.answer_to(number, login).await?;
            handed.note(ack::read(&answer, &pattern, login));
            if handed.later {
                break;
            }
        }
        Ok(())
    }

    /// To the first server that lets us, beginning with the one that did last.
    async fn connect(&self, first: &mut usize) -> Result<Connection, NotTaken> {
        let (servers, login) = (&self.broker.servers, &self.broker.login);
        let mut troubles = Vec::new();
        for (at, server) in servers.iter().enumerate().cycle().skip(*first).take(servers.len()) {
            // Whoever stops waiting for it leaves their turn to those behind it.
            *first = at.saturating_add(1);
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

#[async_trait]
impl Way for Nats {
    async fn hand_over(&self, parcels: &[Parcel], _: Timestamp) -> Handed {
        let mut handed = Handed::default();
        let exchanged = timeout(DEADLINE, self.exchange(parcels, &mut handed)).await;
        let late = |_| Err(NotTaken::NotNow("NATS does not answer in time".to_owned()));
        if let Err(trouble) = exchanged.unwrap_or_else(late) {
            handed.trouble.get_or_insert(trouble);
        }
        handed
    }

    async fn look(&self, limit: Duration) -> Vec<Finding> {
        self.look_at_each(limit).await
    }
}

impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats").field("broker", &self.broker).finish_non_exhaustive()
    }
}

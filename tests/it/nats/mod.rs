//! Events go to a real NATS server: what its stream keeps is taken, and nothing else is.

mod hostile;
mod logins;
mod outages;
mod publishing;
mod scripted;
mod tls;

use std::sync::Arc;

use jiff::Timestamp;
use portcullis::{
    domain::{event::EventKind, id::EventId},
    outlets::{
        Handed, NotTaken, Parcel, Way,
        nats::{Broker, Login, Nats, Server},
    },
};
use uuid::Uuid;

use crate::support::{entropy::SeededEntropy, nats_server::NatsServer};

const SUBJECT: &str = "portcullis.events";

/// To these servers of this machine, without anything that one can leave out.
fn broker(ports: &[u16]) -> Broker {
    let server = |port: &u16| Server { host: "127.0.0.1".to_owned(), port: *port, tls: false };
    Broker {
        servers: ports.iter().map(server).collect(),
        login: Login::None,
        authorities: None,
        subject: SUBJECT.parse().unwrap(),
    }
}

fn nats(broker: Broker) -> Nats {
    Nats::new(broker, Arc::new(SeededEntropy::new(7))).unwrap()
}

fn to(server: &NatsServer) -> Nats {
    nats(broker(&[server.port()]))
}

fn parcel(number: u128) -> Parcel {
    let id = EventId::from_uuid(Uuid::from_u128(number));
    Parcel { id, kind: EventKind::SignedIn, body: format!("{{\"number\":{number}}}") }
}

fn parcels(numbers: impl IntoIterator<Item = u128>) -> Vec<Parcel> {
    numbers.into_iter().map(parcel).collect()
}

async fn hand_over(nats: &Nats, parcels: &[Parcel]) -> Handed {
    nats.hand_over(parcels, Timestamp::UNIX_EPOCH).await
}

/// All of them are taken.
async fn goes(nats: &Nats, parcels: &[Parcel]) {
    let handed = hand_over(nats, parcels).await;
    assert_eq!((handed.taken, handed.trouble), (parcels.len(), None));
}

/// None is taken, and it is said why.
async fn does_not_go(nats: &Nats, parcels: &[Parcel]) -> String {
    let Handed { taken, trouble, .. } = hand_over(nats, parcels).await;
    let Some(NotTaken::NotNow(why)) = trouble else { panic!("{taken} taken, {trouble:?}") };
    assert_eq!(taken, 0, "{why}");
    why
}

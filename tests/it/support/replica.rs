//! One replica without what it does by itself: the verbs, and listeners for whoever wants them, on a store that others
//! use too, by a clock that may be wrong.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::Duration,
};

use actix_web::web::Data;
use jiff::{SignedDuration, Timestamp};
use portcullis::{
    domain::{
        access_token::TokenRules,
        clock::Clock,
        cost::Cost,
        policy::{PasswordPolicy, SessionPreset, SignUpAnswer},
        rule::RuleBook,
        sealed::{KeySecret, KeySecrets},
        throttle::ThrottlePreset,
    },
    flows::{
        Rules, Services,
        delivery::Delivery,
        journal::Journal,
        key_ring::KeyRing,
        memory::Memory,
        meters::Meters,
        post::{Links, Post},
        readiness::Readiness,
        unnamed::Unnamed,
        vitals::LastVitals,
    },
    http::{
        Site,
        client::TrustedProxies,
        requests::Requests,
        server::{Door, Listeners},
    },
    mail::stationery::Stationery,
    store::Store,
    system::{
        entropy::OsEntropy,
        hashing::{HashingPool, Room},
        vault::Vault,
    },
};

use tokio::sync::Notify;

use super::{
    clock::FrozenClock,
    service::{KEY_SECRET, ORIGIN},
};

const ANOTHER_SECRET: KeySecret = KeySecret::from_bytes([2; 32]);

/// Behind the true time, or before it.
struct WrongClock(FrozenClock, SignedDuration);

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        self.0.now() + self.1
    }

    fn uptime(&self) -> Duration {
        self.0.uptime()
    }
}

/// A replica that listens for as long as the test lasts.
pub(crate) struct Serving {
    pub(crate) services: Data<Services>,
    pub(crate) public: SocketAddr,
    pub(crate) internal: SocketAddr,
}

impl Serving {
    pub(crate) fn start(services: Services) -> Self {
        let services = Data::new(services);
        let site = Arc::new(Site {
            origin: "https://ticketing.dev".parse().unwrap(),
            trusted_proxies: TrustedProxies::default(),
            clock: Arc::clone(&services.clock),
            entropy: Arc::clone(&services.entropy),
            requests: Requests::new(),
        });
        let [public, internal] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let (at, inside) = (public.local_addr().unwrap(), internal.local_addr().unwrap());
        let [public, internal] = [public, internal].map(|socket| Door { socket, tls: None });
        tokio::spawn(Listeners::start(public, internal, &services, &site, 1).unwrap().run());
        services.readiness.open(services.clock.uptime());
        Self { services, public: at, internal: inside }
    }
}

pub(crate) fn replica(store: &Arc<dyn Store>, clock: &FrozenClock, ahead: SignedDuration) -> Services {
    build(store, Arc::new(WrongClock(clock.clone(), ahead)), &KeySecrets::parse(KEY_SECRET).unwrap())
}

/// One that was given another key secret than everybody else.
pub(crate) fn misled(store: &Arc<dyn Store>, clock: &FrozenClock) -> Services {
    let secrets = KeySecrets { first: ANOTHER_SECRET, others: Vec::new() };
    build(store, Arc::new(clock.clone()), &secrets)
}

/// One whose key secret has changed, and that knows everybody else's still.
pub(crate) fn ahead_of_the_others(store: &Arc<dyn Store>, clock: &FrozenClock) -> Services {
    let others = KeySecrets::parse(KEY_SECRET).unwrap();
    build(store, Arc::new(clock.clone()), &KeySecrets { first: ANOTHER_SECRET, others: vec![others.first] })
}

fn build(store: &Arc<dyn Store>, clock: Arc<dyn Clock>, secrets: &KeySecrets) -> Services {
    let vault = Arc::new(Vault::new(secrets).unwrap());
    let keys = KeyRing::new(Arc::clone(store), Arc::clone(&clock), Arc::new(OsEntropy), Arc::clone(&vault));
    Services {
        store: Arc::clone(store),
        memory: Memory::new(Arc::clone(&clock)),
        clock,
        entropy: Arc::new(OsEntropy),
        hashing: HashingPool::start(Cost::NODE, Room::find(Path::new("/"))).unwrap(),
        vault,
        keys,
        readiness: Readiness::default(),
        meters: Meters::default(),
        vitals: LastVitals::default(),
        unnamed: Unnamed::default(),
        certificates: BTreeMap::new(),
        post: Post {
            mailer: None,
            stationery: Stationery::read(None).unwrap(),
            links: Links { origin: ORIGIN.parse().unwrap(), path: "/account/{page}".to_owned() },
            limit: 5,
            delivery: Delivery::default(),
            bell: Notify::new(),
        },
        journal: Journal::new(SignedDuration::from_hours(365 * 24)),
        outlets: Vec::new(),
        rules: Rules {
            sign_up: SignUpAnswer::Direct,
            throttle: ThrottlePreset::Off,
            cost: Cost::NODE,
            passwords: PasswordPolicy::Standard,
            remembered_passwords: 5,
            lifetimes: SessionPreset::Relaxed.lifetimes(),
            sessions: 100,
            grace: SignedDuration::from_secs(10),
            tokens: TokenRules {
                issuer: "https://ticketing.dev".to_owned(),
                audience: "portcullis".to_owned(),
                lifetime: SignedDuration::from_mins(10),
            },
            gate: RuleBook::default(),
        },
    }
}

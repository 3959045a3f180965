//! One replica without its listeners: the verbs, on a store that others use too, by a clock that may be wrong.

use std::{path::Path, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use portcullis::{
    domain::{
        access_token::TokenRules,
        clock::Clock,
        cost::Cost,
        policy::{PasswordPolicy, SessionPreset},
        rule::RuleBook,
        sealed::{KeySecret, KeySecrets},
    },
    flows::{Rules, Services, key_ring::KeyRing, memory::Memory, readiness::Readiness},
    store::Store,
    system::{
        entropy::OsEntropy,
        hashing::{HashingPool, Room},
        vault::Vault,
    },
};

use super::{clock::FrozenClock, service::KEY_SECRET};

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

pub(crate) fn replica(store: &Arc<dyn Store>, clock: &FrozenClock, ahead: SignedDuration) -> Services {
    build(store, Arc::new(WrongClock(clock.clone(), ahead)), &KeySecrets::parse(KEY_SECRET).unwrap())
}

/// One that was given another key secret than everybody else.
pub(crate) fn misled(store: &Arc<dyn Store>, clock: &FrozenClock) -> Services {
    let secrets = KeySecrets { first: KeySecret::from_bytes([2; 32]), others: Vec::new() };
    build(store, Arc::new(clock.clone()), &secrets)
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
        rules: Rules {
            cost: Cost::NODE,
            passwords: PasswordPolicy::Standard,
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

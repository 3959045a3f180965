//! People to try things on: users, their sessions, and secrets to use once.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use portcullis::domain::{
    clock::{Clock, random},
    device::Device,
    email::Email,
    id::{EventId, KeyId, LetterId, SessionId, UserId},
    one_time::{OneTime, Purpose},
    policy::SessionPreset,
    sealed::Sealed,
    secret::Secret,
    session::{Mode, Opening, Session},
    stored_hash::StoredHash,
    user::{User, UserAttrs},
};

use super::{clock::FrozenClock, entropy::SeededEntropy};

/// A well-formed hash in our own format; of which password, nobody knows.
const PHC: &str = "$scrypt$ln=17,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Made by Node: `scryptSync("correct horse", "a1b2c3d4e5f60718", 64).toString("hex") + ".a1b2c3d4e5f60718"`.
pub(crate) const NODE_HASH: &str = "78623aec0a5dcd3ff254c3c7f6f02c566d84ecec1f606787165d301b321cb4db0b9978348823e4913152b6ce39cdf08a6f0231197ca109d3e84c8c386591459f.a1b2c3d4e5f60718";

/// Where people come from: one clock and one source of chance, so that all of them differ.
#[derive(Debug)]
pub(crate) struct People {
    pub(crate) clock: FrozenClock,
    entropy: SeededEntropy,
}

impl People {
    pub(crate) fn new() -> Self {
        Self { clock: FrozenClock::new(), entropy: SeededEntropy::new(1) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn user_id(&self) -> UserId {
        UserId::new(self.now(), &self.entropy).unwrap()
    }

    pub(crate) fn key_id(&self) -> KeyId {
        KeyId::new(self.now(), &self.entropy).unwrap()
    }

    pub(crate) fn letter_id(&self) -> LetterId {
        LetterId::new(self.now(), &self.entropy).unwrap()
    }

    pub(crate) fn event_id(&self) -> EventId {
        EventId::new(self.now(), &self.entropy).unwrap()
    }

    pub(crate) fn salt(&self) -> [u8; 16] {
        random(&self.entropy).unwrap()
    }

    pub(crate) fn secret(&self) -> Secret {
        Secret::generate(&self.entropy).unwrap()
    }

    /// Somebody who has just signed up and is not in any store yet.
    pub(crate) fn user(&self, address: &str) -> User {
        let hash = StoredHash::parse(PHC).unwrap();
        User::build(UserAttrs::new(self.user_id(), email(address), hash, self.now()))
    }

    /// Signs them in: 14 days idle, 30 at all.
    pub(crate) fn session(&self, user: &User) -> Session {
        let id = SessionId::new(self.now(), &self.entropy).unwrap();
        let seed = Sealed::from_bytes(vec![7; 65]);
        let device = Device::new(Some("Mozilla/5.0 (Pr\u{fc}fstand)"), Some(IpAddr::from([192, 0, 2, 7])));
        let lifetimes = SessionPreset::Relaxed.lifetimes();
        let opening = Opening { mode: Mode::Cookie, seed, secret: self.secret().digest(), device };
        Session::begin(id, user, opening, lifetimes, self.now())
    }

    /// A record that holds for ten minutes.
    pub(crate) fn one_time(&self, purpose: Purpose) -> OneTime {
        let facts = [("nonce", "n-0S6_WzA2Mj"), ("after", "/tickets?seat=\"4\u{e4}\""), ("empty", "")];
        OneTime {
            digest: self.secret().digest(),
            purpose,
            facts: facts.map(|(name, fact)| (name.to_owned(), fact.to_owned())).into(),
            attempts_left: 5,
            created_at: self.now(),
            expires_at: self.now() + SignedDuration::from_mins(10),
        }
    }
}

pub(crate) fn email(address: &str) -> Email {
    Email::try_from(address).unwrap()
}

//! The keys that sign access tokens, and when each of them does.
//!
//! A key's state is not stored but follows from the times: a key is *next* until its `not_before`, *active* until the
//! `not_before` of its successor, and *retired* until the last token it signed has expired. So a rotation is one insert,
//! and replicas that try at once are told apart by the key's number.

use jiff::{SignedDuration, Timestamp};

use super::{access_token::TokenRules, id::KeyId, sealed::Sealed};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    pub id: KeyId,
    /// Its place in the order of all keys there ever were; unique.
    pub number: u64,
    /// The point on P-256, uncompressed: 65 bytes.
    pub public: Vec<u8>,
    /// PKCS #8.
    pub private: Sealed,
    pub created_at: Timestamp,
    /// From when on it signs: late enough that whoever caches the published keys has it by then.
    pub not_before: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Next,
    Active,
    Retired,
    /// No token that it signed is valid any more.
    Spent,
}

/// How long things about keys last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTimes {
    /// How long others may remember the published keys.
    pub cached: SignedDuration,
    /// How long a token lives at most.
    pub token: SignedDuration,
    /// How long a key signs.
    pub active: SignedDuration,
}

/// What a key that is yet to be made will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Successor {
    pub number: u64,
    pub not_before: Timestamp,
}

/// What is due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub make: Option<Successor>,
    pub remove: Vec<KeyId>,
}

impl KeyTimes {
    pub const USUAL: Self = Self {
        cached: SignedDuration::from_mins(5),
        token: TokenRules::LONGEST,
        active: SignedDuration::from_hours(30 * 24),
    };

    /// A key is known to others for two cache periods before it signs: one may have begun just before it was published.
    fn notice(&self) -> SignedDuration {
        self.cached + self.cached
    }

    /// Replicas look at the keys once a minute, and their clocks may differ.
    const SLACK: SignedDuration = SignedDuration::from_mins(2);
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Spent => "spent",
        }
    }
}

/// The state of each, in the order of their numbers, which is how the store tells them.
pub fn states(keys: &[SigningKey], now: Timestamp, times: KeyTimes) -> Vec<State> {
    let state = |(place, key): (usize, &SigningKey)| {
        let successor = keys.get(place + 1).filter(|successor| successor.not_before <= now);
        let ended = successor.map(|successor| now.duration_since(successor.not_before));
        match ended {
            Some(ago) if ago > times.token + KeyTimes::SLACK => State::Spent,
            Some(_) => State::Retired,
            // A clock that lags behind that of whoever made the very first key is no reason to sign nothing.
            None if key.not_before <= now || place == 0 => State::Active,
            None => State::Next,
        }
    };
    keys.iter().enumerate().map(state).collect()
}

/// The next key, if somebody asks for one now; the very first signs at once, since nobody has anything cached.
pub fn successor(keys: &[SigningKey], now: Timestamp, times: KeyTimes) -> Successor {
    match keys.last() {
        None => Successor { number: 1, not_before: now },
        Some(last) => Successor {
            number: last.number + 1,
            not_before: now.checked_add(times.notice()).unwrap_or(Timestamp::MAX).max(last.not_before),
        },
    }
}

/// What has to be done by itself: a key in time before the last one has signed for long enough, and none too many.
pub fn plan(keys: &[SigningKey], now: Timestamp, times: KeyTimes) -> Plan {
    let due = keys.last().is_none_or(|last| {
        now.duration_since(last.not_before) >= times.active - times.notice() - KeyTimes::SLACK
    });
    let spent = keys.iter().zip(states(keys, now, times)).filter(|(_, state)| *state == State::Spent);
    Plan { make: due.then(|| successor(keys, now, times)), remove: spent.map(|(key, _)| key.id).collect() }
}

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

    /// Replicas look at the keys every few seconds, and their clocks may differ.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const TIMES: KeyTimes = KeyTimes::USUAL;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn key(Successor { number, not_before }: Successor, now: Timestamp) -> SigningKey {
        let (public, private) = (Vec::new(), Sealed::from_bytes(Vec::new()));
        let id = KeyId::from_uuid(Uuid::from_u128(number.into()));
        SigningKey { id, number, public, private, created_at: now, not_before }
    }

    /// What replicas that look every so many minutes make of it.
    fn keys_after(minutes: i64, every: usize) -> Vec<SigningKey> {
        let mut keys = Vec::new();
        for now in (0..=minutes).step_by(every).map(at) {
            let plan = plan(&keys, now, TIMES);
            keys.retain(|key| !plan.remove.contains(&key.id));
            keys.extend(plan.make.map(|successor| key(successor, now)));
        }
        keys
    }

    #[test]
    fn the_first_key_signs_at_once_and_each_other_one_two_cache_periods_after_it_is_made() {
        let keys = keys_after(30 * 24 * 60, 1);
        let [first, second] = &*keys else { panic!("{keys:?}") };
        assert_eq!((first.number, first.not_before), (1, at(0)));
        assert_eq!(second.number, 2);
        assert_eq!(second.not_before, second.created_at + TIMES.cached * 2);
        assert!(second.not_before <= first.not_before + TIMES.active);
    }

    #[test]
    fn a_key_is_next_active_retired_and_spent_in_turn() {
        let keys = [(1, 0), (2, 100)]
            .map(|(number, minutes)| key(Successor { number, not_before: at(minutes) }, at(minutes - 10)));
        let states = |minutes| states(&keys, at(minutes), TIMES);
        assert_eq!(states(99), [State::Active, State::Next]);
        assert_eq!(states(100), [State::Retired, State::Active]);
        assert_eq!(states(162), [State::Retired, State::Active]);
        assert_eq!(states(163), [State::Spent, State::Active]);
        assert_eq!(states(-1), [State::Active, State::Next], "a clock that lags signs all the same");
    }

    #[test]
    fn a_service_that_was_away_for_long_announces_the_next_key_all_the_same() {
        let keys = vec![key(Successor { number: 1, not_before: at(0) }, at(0))];
        let now = at(400 * 24 * 60);
        let due = Successor { number: 2, not_before: now + TIMES.cached * 2 };
        assert_eq!(plan(&keys, now, TIMES), Plan { make: Some(due), remove: Vec::new() });
    }

    proptest! {
        #[test]
        fn at_every_moment_one_key_signs_and_no_token_loses_its_key(
            days in 1_i64..100, every in 1_usize..100, ahead in 0_i64..10_000, token in 0_i64..60,
        ) {
            let (keys, now) = (keys_after(days * 24 * 60, every), at(days * 24 * 60));
            let later = now + SignedDuration::from_secs(ahead);
            let actives = |now| {
                let active = |state: &State| *state == State::Active;
                states(&keys, now, TIMES).iter().filter(|state| active(state)).count()
            };
            prop_assert_eq!((actives(now), actives(later)), (1, 1));
            let signs = states(&keys, now, TIMES).iter().position(|state| *state == State::Active).unwrap();
            let checked = now + SignedDuration::from_mins(token);
            prop_assert_ne!(states(&keys, checked, TIMES)[signs], State::Spent);
        }
    }
}

//! Throttling: after some wrong passwords each next one waits longer, and after many there is no next.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{id::UserId, sealed::Sealed, secret::SecretDigest};

/// How strict we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThrottlePreset {
    #[default]
    Standard,
    Off,
}

/// How long the next try waits, by how many there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Curve {
    /// The first try that the next one waits after.
    pub from: u32,
    /// So long, and after each further try twice as long as before.
    pub first: SignedDuration,
    pub longest: SignedDuration,
    /// The last one: after it there is none until the count is forgotten.
    pub last: u32,
    /// The count is forgotten so long after the latest try that the next one waits after.
    pub memory: SignedDuration,
    /// And so long after one before that, so that addresses that somebody makes up do not fill the store.
    pub brief: SignedDuration,
}

/// What is counted, in words that operators get to read. A store knows it by a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "counted", rename_all = "snake_case")]
pub enum Counted {
    /// Tries at the password of an address, wherever they come from.
    Address {
        address: String,
    },
    /// Those among them that come from one network.
    AddressFromNetwork {
        address: String,
        network: IpAddr,
    },
    /// Tries from a browser in which its owner signed in before.
    Browser {
        address: String,
        browser: String,
    },
    /// Tries by somebody who is signed in.
    Owner {
        user: UserId,
    },
    /// Pairs of address and password that were wrong.
    Network {
        network: IpAddr,
    },
    SignUps {
        network: IpAddr,
    },
    ForgottenPasswords {
        network: IpAddr,
    },
    TokensFromMail {
        network: IpAddr,
    },
    /// Letters that were asked for.
    Mail {
        about: About,
        address: String,
    },
    AddressesAsked {
        user: UserId,
    },
}

/// What letters are about that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    Reset,
    Verification,
    Address,
    /// Written down in place of a letter, where an address is nobody's.
    Nobody,
}

/// A count as a store keeps it: what it is of can be read with the key secret only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub digest: SecretDigest,
    pub label: Sealed,
}

/// A try: what counts it, in this order, and what else may keep it waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub counters: Vec<Counter>,
    pub gates: Vec<SecretDigest>,
}

/// Something that is tried, and how it waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    pub name: Name,
    pub curve: Curve,
}

/// How often something may be done in a stretch of time, which begins with the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub most: u32,
    pub each: SignedDuration,
}

/// So many different pairs of address and password that were wrong are no person who forgot: their network waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stuffing {
    pub pairs: u32,
    pub within: SignedDuration,
    pub pause: SignedDuration,
}

/// One that was wrong, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongPair {
    pub network: Name,
    pub pair: Pair,
    pub rule: Stuffing,
}

/// An address and a password, as far as it takes to tell it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair(i64);

/// A count as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    pub digest: SecretDigest,
    /// Not of what an earlier release counted.
    pub label: Option<Sealed>,
    pub count: u32,
    pub waits_until: Option<Timestamp>,
    pub forgotten_at: Timestamp,
}

/// Whether something may be tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// It may; and perhaps it is the one that the next has to wait after.
    May {
        next_waits: bool,
    },
    Wait {
        until: Timestamp,
        at: Stop,
    },
}

/// What keeps a try waiting, and the longest where there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    Counter,
    Gate,
}

impl About {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Verification => "verification",
            Self::Address => "address",
            Self::Nobody => "nobody",
        }
    }
}

impl Counted {
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Address { address }
            | Self::AddressFromNetwork { address, .. }
            | Self::Browser { address, .. }
            | Self::Mail { address, .. } => Some(address),
            _ => None,
        }
    }

    pub const fn network(&self) -> Option<IpAddr> {
        match self {
            Self::AddressFromNetwork { network, .. }
            | Self::Network { network }
            | Self::SignUps { network }
            | Self::ForgottenPasswords { network }
            | Self::TokensFromMail { network } => Some(*network),
            _ => None,
        }
    }

    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::Owner { user } | Self::AddressesAsked { user } => Some(*user),
            _ => None,
        }
    }
}

impl Curve {
    /// Of the passwords of one account.
    pub const PASSWORDS: Self = Self {
        from: 5,
        first: SignedDuration::from_secs(1),
        longest: SignedDuration::from_mins(15),
        last: 100,
        memory: SignedDuration::from_hours(30 * 24),
        brief: SignedDuration::from_hours(24),
    };

    /// Of those that come from one network. It does not end with the owner's sign-in elsewhere, and so it has no last one, after which
    /// the owner could not sign in from there.
    pub const PASSWORDS_FROM_NETWORK: Self =
        Self { last: u32::MAX, memory: SignedDuration::from_hours(24), ..Self::PASSWORDS };

    /// For how long so many are remembered.
    pub const fn memory_of(&self, tries: u32) -> SignedDuration {
        if tries < self.from { self.brief } else { self.memory }
    }

    /// How long the next one waits after so many.
    pub fn pause(&self, tries: u32) -> SignedDuration {
        if tries >= self.last {
            return self.memory;
        }
        let Some(doublings) = tries.checked_sub(self.from) else { return SignedDuration::ZERO };
        let pause = self.first.checked_mul(1_i32 << doublings.min(Self::DOUBLINGS));
        pause.unwrap_or(self.longest).min(self.longest)
    }

    /// More are longer than anybody waits.
    pub const DOUBLINGS: u32 = 20;
}

impl Budget {
    /// Of one network, for what anybody may ask for without an account.
    pub const OF_A_NETWORK: Self = Self { most: 60, each: SignedDuration::from_hours(1) };

    /// By which a store takes back what was counted: nothing of a budget waits.
    pub const fn curve(&self) -> Curve {
        let (first, longest) = (SignedDuration::ZERO, SignedDuration::ZERO);
        Curve { from: u32::MAX, first, longest, last: u32::MAX, memory: self.each, brief: self.each }
    }
}

impl Stuffing {
    pub const PASSWORDS: Self =
        Self { pairs: 15, within: SignedDuration::from_hours(3), pause: SignedDuration::from_hours(24) };
}

impl Pair {
    /// A quarter of a keyed digest: among fifteen no two are alike by chance.
    pub fn new(digest: &SecretDigest) -> Self {
        Self(i64::from_be_bytes(digest.first()))
    }

    pub const fn as_i64(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_11_the_fifth_waits_a_second_and_each_after_it_twice_as_long() {
        let pause = |tries| Curve::PASSWORDS.pause(tries).as_secs();
        assert_eq!([0, 4, 5, 6, 7, 14, 15, 99].map(pause), [0, 0, 1, 2, 4, 512, 900, 900]);
        assert_eq!(pause(100), 30 * 24 * 3600);
        assert_eq!(pause(u32::MAX), 30 * 24 * 3600);
        let days = |tries| Curve::PASSWORDS.memory_of(tries).as_hours() / 24;
        assert_eq!([1, 4, 5, 100].map(days), [1, 1, 30, 30]);
    }
}

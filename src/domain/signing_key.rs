//! The keys that sign access tokens, and when each of them does.
//!
//! A key's state is not stored but follows from the times: a key is *next* until its `not_before`, *active* until the
//! `not_before` of its successor, and *retired* until the last token it signed has expired. So a rotation is one insert,
//! and replicas that try at once are told apart by the key's number.

use jiff::{SignedDuration, Timestamp};

use super::{id::KeyId, sealed::Sealed};

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
    /// How long a token lives.
    pub token: SignedDuration,
    /// How long a key signs.
    pub active: SignedDuration,
}

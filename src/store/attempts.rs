//! What a store counts: tries that wait, and what there is a budget for.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::{
    secret::SecretDigest,
    throttle::{Attempt, Counter, Name, Tally, Try, WrongPair},
};

/// A part of [`Store`](super::Store), and of its contract.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Counts one more of what has this name, and says how many there are since the count began, and when it ends: at `until` if
    /// it begins now. One that has ended begins anew. Where there are `most` of them it is looked at, and nothing is written.
    async fn count(
        &self,
        what: &Name,
        most: u32,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Count, StoreError>;

    /// Counts one more try in each of the counters, unless one of them, or a gate, still has to wait: then it says
    /// until when. However many try at once, no counter lets through more than its curve does; where a later one says no, an earlier one may
    /// have counted all the same.
    async fn try_once(&self, attempt: &Attempt, now: Timestamp) -> Result<Try, StoreError>;

    /// Notes that a pair was wrong; says until when its network waits where it was the one too many, and then all of them are forgotten.
    async fn note_wrong_pair(
        &self,
        wrong: &WrongPair,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// One try less in each of these, as if it had never been made. Where it was the latest, the next one may come at once, as it could; else
    /// that waits for as long after the latest as it would have without it.
    async fn take_back(&self, counters: &[Counter], tried_at: Timestamp) -> Result<(), StoreError>;

    /// Begins these counts anew.
    async fn forget_tries(&self, what: &[SecretDigest]) -> Result<(), StoreError>;

    /// The counts that run, at most [`BATCH`](super::BATCH) of them, in the order of their digests from `after` on.
    async fn tallies(&self, after: Option<SecretDigest>, now: Timestamp) -> Result<Vec<Tally>, StoreError>;
}

/// How many there are, and until when that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub so_far: u32,
    /// Whether this is one of them.
    pub counted: bool,
    pub until: Timestamp,
}

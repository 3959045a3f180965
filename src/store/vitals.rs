//! How a store is as a whole, for whoever looks after it.

use std::time::Duration;

/// What it has no such thing of, or does not tell us, is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Of those that this release needs.
    pub missing_indexes: Vec<String>,
    /// How far the slowest secondary is behind the primary.
    pub lag: Option<Duration>,
    /// How far back the oplog reaches; left out while it is not full yet.
    pub oplog: Option<Duration>,
    /// Of the primary, by everybody.
    pub connections: Option<Share>,
    /// Of the disk, by everybody.
    pub storage: Option<Share>,
    /// People to whom a letter has yet to go; no more are counted than [`MOST_LETTERS`].
    pub letters: Option<u64>,
    /// The commands that we may not ask.
    pub untold: Vec<&'static str>,
}

/// More than anybody would want to wait for.
pub const MOST_LETTERS: u64 = 10_000;

/// So much of so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub used: u64,
    pub of: u64,
}

impl Share {
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more digits than a float has")]
    pub fn ratio(self) -> f64 {
        self.used as f64 / self.of.max(1) as f64
    }
}

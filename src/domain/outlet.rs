//! An outlet: one place to which security events go, which one process at a time fills.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    clock::{Entropy, NoEntropy, random},
    webhook::ReceiverName,
};

/// What it is called wherever it is kept or shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutletName(String);

/// One process, for as long as it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder(Uuid);

/// Somebody wants to fill an outlet, or to go on with it.
#[derive(Clone, Copy, Debug)]
pub struct Taking {
    pub holder: Holder,
    /// Nobody else takes it up before.
    pub until: Timestamp,
    /// Where in the chain it begins if it is new: behind this place.
    pub first: u64,
}

/// Whose it is, and up to which place of the chain everything has gone out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Ours { position: u64 },
    Elsewhere { position: u64 },
}

impl Taking {
    /// Nobody takes it up for longer; what seems to be so was taken up by a clock that is wrong.
    pub const LONGEST: SignedDuration = SignedDuration::from_mins(6);
}

impl OutletName {
    pub fn nats() -> Self {
        Self("nats".to_owned())
    }

    pub fn webhook(receiver: &ReceiverName) -> Self {
        Self(format!("webhook:{receiver}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OutletName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Holder {
    pub fn new(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        Ok(Self(Uuid::from_bytes(random(entropy)?)))
    }

    pub const fn as_uuid(&self) -> Uuid {
        self.0
    }
}

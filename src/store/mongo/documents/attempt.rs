//! A document of `attempts`: how often something was tried, until when that counts.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{sealed::Sealed, throttle::Tally};

use super::{
    Misfit,
    values::{Bytes, Digest, Moment},
};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::store::mongo) struct AttemptDocument {
    #[serde(rename = "_id")]
    what: Digest,
    pub(in crate::store::mongo) count: u32,
    pub(in crate::store::mongo) expires_at: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    pub(in crate::store::mongo) blocked_until: Option<Moment>,
    /// What it is of, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Bytes")]
    label: Option<Bytes>,
    /// Of a network: which were wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    wrong: Vec<WrongPair>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct WrongPair {
    pair: i64,
    at: Moment,
}

impl AttemptDocument {
    pub(in crate::store::mongo) fn tally(self, now: Timestamp) -> Result<Tally, Misfit> {
        let waits_until = self.blocked_until.map(|until| until.read("blockedUntil")).transpose()?;
        Ok(Tally {
            digest: self.what.read("_id")?,
            label: self.label.map(|label| Sealed::from_bytes(label.into())),
            count: self.count,
            waits_until: waits_until.filter(|until| *until > now),
            forgotten_at: self.expires_at.read("expiresAt")?,
        })
    }
}

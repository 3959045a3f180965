//! A document of `one_time`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::one_time::{OneTime, Purpose};

use super::{
    Misfit,
    values::{Digest, Moment},
};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::store::mongo) struct OneTimeDocument {
    #[serde(rename = "_id")]
    digest: Digest,
    purpose: String,
    facts: BTreeMap<String, String>,
    attempts_left: u32,
    created_at: Moment,
    expires_at: Moment,
}

impl From<&OneTime> for OneTimeDocument {
    fn from(record: &OneTime) -> Self {
        Self {
            digest: (&record.digest).into(),
            purpose: record.purpose.as_str().to_owned(),
            facts: record.facts.clone(),
            attempts_left: record.attempts_left,
            created_at: record.created_at.into(),
            expires_at: record.expires_at.into(),
        }
    }
}

impl TryFrom<OneTimeDocument> for OneTime {
    type Error = Misfit;

    fn try_from(stored: OneTimeDocument) -> Result<Self, Misfit> {
        Ok(Self {
            digest: stored.digest.read("_id")?,
            purpose: Purpose::parse(&stored.purpose).ok_or(Misfit("purpose"))?,
            facts: stored.facts,
            attempts_left: stored.attempts_left,
            created_at: stored.created_at.read("createdAt")?,
            expires_at: stored.expires_at.read("expiresAt")?,
        })
    }
}

//! A document of `attempts`: how often something was tried, until when that counts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::{Digest, Moment};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::store::mongo) struct AttemptDocument {
    #[serde(rename = "_id")]
    what: Digest,
    pub(in crate::store::mongo) count: u32,
    expires_at: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) blocked_until: Option<Moment>,
}

//! A document of `settings`: what the store knows about itself, and the record its health is proved on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::{Id, Moment};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::store::mongo) struct SettingsDocument {
    #[serde(rename = "_id")]
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Schema")]
    pub(in crate::store::mongo) schema: Option<Schema>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Lock")]
    lock: Option<Lock>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    probed_at: Option<Moment>,
    /// Of an import that is under way: when it began, which tells it from another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    since: Option<Moment>,
}

/// Which schema the store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::store::mongo) struct Schema {
    /// Raised when an older release can no longer read what is stored.
    pub(in crate::store::mongo) version: u32,
    /// Raised by every change to a validator or an index that an older release can live with.
    pub(in crate::store::mongo) step: u32,
}

/// Who is at the schema, and when others may take over.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Lock {
    holder: Id,
    until: Moment,
}

//! A document of `outlets`: how far events have come beside the store, and who sees to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Misfit,
    values::{Id, Moment},
};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::store::mongo) struct OutletDocument {
    #[serde(rename = "_id")]
    name: String,
    position: i64,
    holder: Id,
    held_until: Moment,
}

impl OutletDocument {
    pub(in crate::store::mongo) fn position(&self) -> Result<u64, Misfit> {
        u64::try_from(self.position).map_err(|_| Misfit("position"))
    }
}

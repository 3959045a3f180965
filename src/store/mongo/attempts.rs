//! How often something was tried: counted by one write, so that of two callers each counts.

use jiff::Timestamp;
use mongodb::{bson::doc, options::ReturnDocument};

use crate::{domain::secret::SecretDigest, store::StoreError};

use super::{
    Connected,
    documents::{
        Misfit,
        values::{Digest, Moment},
    },
};

impl Connected {
    /// Of two who begin the same count at once one meets the other's document, and counts on.
    pub(super) async fn count_one(
        &self,
        what: &SecretDigest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        match self.try_to_count(what, until, now).await {
            Err(StoreError::Taken) => self.try_to_count(what, until, now).await,
            counted => counted,
        }
    }

    async fn try_to_count(
        &self,
        what: &SecretDigest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let runs = doc! { "$gt": ["$expiresAt", Moment::from(now)] };
        let on = vec![doc! { "$set": {
            "count": { "$cond": [runs.clone(), { "$add": ["$count", 1] }, 1] },
            "expiresAt": { "$cond": [runs, "$expiresAt", Moment::from(until)] },
        } }];
        let counted = self.attempts.find_one_and_update(doc! { "_id": Digest::from(what) }, on);
        let counted = counted.upsert(true).return_document(ReturnDocument::After);
        let counted = self.calls.write(counted).await?.ok_or(Misfit("attempts"))?;
        Ok(counted.count)
    }
}

//! One-time records: added, and taken out by whoever comes first.

use jiff::Timestamp;
use mongodb::bson::doc;

use crate::{
    domain::{
        one_time::{OneTime, Purpose},
        secret::SecretDigest,
    },
    store::StoreError,
};

use super::{
    Connected,
    documents::{
        one_time::OneTimeDocument,
        values::{Digest, Moment},
    },
};

impl Connected {
    pub(super) async fn insert_one_time(&self, record: &OneTime) -> Result<(), StoreError> {
        self.calls.write(self.one_time.insert_one(OneTimeDocument::from(record))).await?;
        Ok(())
    }

    pub(super) async fn take_one_time(
        &self,
        secret: &SecretDigest,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<OneTime>, StoreError> {
        let filter = doc! {
            "_id": Digest::from(secret),
            "purpose": purpose.as_str(),
            "expiresAt": { "$gt": Moment::from(now) },
        };
        let taken = self.calls.write(self.one_time.find_one_and_delete(filter)).await?;
        Ok(taken.map(OneTime::try_from).transpose()?)
    }
}

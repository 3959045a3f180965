//! The keys that sign access tokens: their numbers are unique, so of two replicas that add the next one only one does.

use futures_util::TryStreamExt;
use mongodb::bson::doc;

use crate::{
    domain::{id::KeyId, signing_key::SigningKey},
    store::StoreError,
};

use super::{
    Connected,
    documents::{signing_key::SigningKeyDocument, values::Id},
};

impl Connected {
    pub(super) async fn find_signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        // The filter is true of every one, and says which index to go through.
        let by_number = self.signing_keys.find(doc! { "number": { "$gte": 0 } }).sort(doc! { "number": 1 });
        let found = self.calls.read(async { by_number.await?.try_collect::<Vec<_>>().await }).await?;
        Ok(found.into_iter().map(SigningKey::try_from).collect::<Result<_, _>>()?)
    }

    pub(super) async fn insert_signing_key(&self, key: &SigningKey) -> Result<(), StoreError> {
        self.calls.write(self.signing_keys.insert_one(SigningKeyDocument::from(key))).await?;
        Ok(())
    }

    pub(super) async fn delete_signing_key(&self, id: KeyId) -> Result<(), StoreError> {
        self.calls.write(self.signing_keys.delete_one(doc! { "_id": Id::from(id.as_uuid()) })).await?;
        Ok(())
    }
}

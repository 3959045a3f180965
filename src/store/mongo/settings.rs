//! The settings: which schema the store has, and the record that proves it takes a read and a write.

use jiff::Timestamp;
use mongodb::bson::doc;

use crate::store::StoreError;

use super::{
    Connected,
    documents::{settings::Schema, values::Moment},
    errors::Cause,
};

/// The document that describes the store.
pub(super) const STORE: &str = "store";
const PROBE: &str = "probe";

impl Connected {
    /// `None` for a store that was never migrated.
    pub(super) async fn stored_schema(&self) -> Result<Option<Schema>, StoreError> {
        let found = self.calls.read(self.settings.find_one(doc! { "_id": STORE })).await?;
        Ok(found.and_then(|settings| settings.schema))
    }

    /// Of the primary.
    pub(super) async fn local_time(&self) -> Result<Timestamp, StoreError> {
        let hello = self.calls.read(self.database.run_command(doc! { "hello": 1 })).await?;
        let time = hello.get_datetime("localTime").map_err(|error| StoreError::Broken(error.into()))?;
        Timestamp::from_millisecond(time.timestamp_millis()).map_err(|error| StoreError::Broken(error.into()))
    }

    /// It fails while an import is under way, and where nobody has set the store up, as in a database that came in the place of one that
    /// was lost: what is there is not to be served from.
    pub(super) async fn read_and_write(&self, now: Timestamp) -> Result<(), StoreError> {
        let update = doc! { "$set": { "probedAt": Moment::from(now) } };
        if self.is_importing().await? {
            return Err(Cause::Importing.unavailable());
        }
        if self.stored_schema().await?.is_none() {
            return Err(Cause::Emptied.unavailable());
        }
        self.calls.write(self.settings.update_one(doc! { "_id": PROBE }, update).upsert(true)).await?;
        Ok(())
    }
}

//! The lock of the schema: one conditional write takes it, and it ends by itself when its holder dies.

use std::time::Duration;

use jiff::Timestamp;
use mongodb::bson::{self, doc};
use uuid::Uuid;

use crate::{
    domain::clock::random,
    store::{BoxError, StoreError},
};

use super::{
    Connected,
    documents::{
        settings::Schema,
        values::{Id, Moment},
    },
    settings::STORE,
};

/// How long its holder has before others may take over. Every step is safe to repeat, so one too slow does no harm.
pub(super) const LEASE: Duration = Duration::from_mins(1);

pub(super) struct Lock {
    holder: Id,
}

impl Lock {
    /// `None` while somebody else holds it.
    pub(super) async fn take(store: &Connected, now: Timestamp) -> Result<Option<Self>, StoreError> {
        let unknown = |error: BoxError| StoreError::Unavailable(error);
        let holder = Id::from(Uuid::from_bytes(random(&*store.entropy).map_err(|e| unknown(e.into()))?));
        let until = now.checked_add(LEASE).map_err(|e| unknown(e.into()))?;

        let free = doc! {
            "_id": STORE,
            "$or": [{ "lock": null }, { "lock.until": { "$lte": Moment::from(now) } }],
        };
        let take = doc! { "$set": { "lock": { "holder": holder, "until": Moment::from(until) } } };
        // Where the lock is held the filter finds nothing, and what the upsert would add has an `_id` that is taken.
        match store.calls.write(store.settings.update_one(free, take).upsert(true)).await {
            Ok(_) => Ok(Some(Self { holder })),
            Err(StoreError::Taken) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives it back and notes what the store now is; `false` when somebody else has taken over meanwhile.
    pub(super) async fn release(self, store: &Connected, done: Option<Schema>) -> Result<bool, StoreError> {
        let mine = doc! { "_id": STORE, "lock.holder": self.holder };
        let mut update = doc! { "$unset": { "lock": "" } };
        if let Some(schema) = done {
            let schema = bson::serialize_to_bson(&schema).map_err(|e| StoreError::Broken(e.into()))?;
            update.insert("$set", doc! { "schema": schema });
        }
        let released = store.calls.write(store.settings.update_one(mine, update)).await?;
        Ok(released.matched_count == 1)
    }
}

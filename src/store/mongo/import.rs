//! Everything into an empty database, with a mark for as long as it is not all there.

use futures_util::TryStreamExt;
use jiff::Timestamp;
use mongodb::{
    Collection,
    bson::{Bson, Document, doc},
};
use serde::Serialize;

use crate::{
    domain::record::{Kind, Record},
    store::StoreError,
};

use super::{
    Connected,
    documents::{
        event::EventDocument, one_time::OneTimeDocument, session::SessionDocument,
        signing_key::SigningKeyDocument, user::UserDocument, values::Moment,
    },
};

/// The document of `settings` that is there while an import is under way.
const IMPORT: &str = "import";

/// Documents that are removed in one call: it ends well within the deadline.
const PORTION: i64 = 5_000;

impl Connected {
    pub(super) async fn is_importing(&self) -> Result<bool, StoreError> {
        Ok(self.calls.read(self.settings.find_one(doc! { "_id": IMPORT })).await?.is_some())
    }

    pub(super) async fn mark_and_empty(&self, now: Timestamp) -> Result<(), StoreError> {
        let mark = doc! { "$set": { "since": Moment::from(now) } };
        self.calls.write(self.settings.update_one(doc! { "_id": IMPORT }, mark).upsert(true)).await?;
        for kind in Kind::ALL {
            let all = self.database.collection(kind.as_str());
            while self.remove_some(&all).await? {}
        }
        Ok(())
    }

    /// `false` once there is nothing left.
    async fn remove_some(&self, all: &Collection<Document>) -> Result<bool, StoreError> {
        let some = all.find(doc! {}).projection(doc! { "_id": 1 }).limit(PORTION);
        let some = self.calls.read(async { some.await?.try_collect::<Vec<_>>().await }).await?;
        let ids: Vec<Bson> = some.into_iter().filter_map(|mut document| document.remove("_id")).collect();
        if ids.is_empty() {
            return Ok(false);
        }
        self.calls.write(all.delete_many(doc! { "_id": { "$in": ids } })).await?;
        Ok(true)
    }

    pub(super) async fn insert_all(&self, records: Vec<Record>) -> Result<(), StoreError> {
        let (mut users, mut sessions, mut one_time) = (Vec::new(), Vec::new(), Vec::new());
        let (mut keys, mut events) = (Vec::new(), Vec::new());
        for record in records {
            match record {
                Record::User(user) => users.push(UserDocument::try_from(&user)?),
                Record::Session(session) => sessions.push(SessionDocument::from(&session)),
                Record::OneTime(record) => one_time.push(OneTimeDocument::from(&record)),
                Record::SigningKey(key) => keys.push(SigningKeyDocument::from(&key)),
                Record::Event(event) => events.push(EventDocument::from(&event)),
            }
        }
        self.insert_many(&self.users, users).await?;
        self.insert_many(&self.sessions, sessions).await?;
        self.insert_many(&self.one_time, one_time).await?;
        self.insert_many(&self.signing_keys, keys).await?;
        self.insert_many(&self.events, events).await
    }

    async fn insert_many<D: Serialize + Send + Sync>(
        &self,
        to: &Collection<D>,
        documents: Vec<D>,
    ) -> Result<(), StoreError> {
        if !documents.is_empty() {
            self.calls.write(to.insert_many(documents)).await?;
        }
        Ok(())
    }

    pub(super) async fn unmark(&self, begun: Timestamp) -> Result<(), StoreError> {
        self.go_to_the_end().await?;
        let ours = doc! { "_id": IMPORT, "since": Moment::from(begun) };
        match self.calls.write(self.settings.delete_one(ours)).await?.deleted_count {
            1 => Ok(()),
            _ => Err(StoreError::Stale),
        }
    }
}

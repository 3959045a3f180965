//! Security events: added, given their place in the chain, and read.

use std::ops::Range;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use mongodb::{
    Collection,
    bson::{Bson, Document, doc},
    options::Hint,
};

use crate::{
    domain::{
        event::{Event, EventFilter, Head},
        id::{EventId, UserId},
    },
    store::StoreError,
};

use super::{
    Connected,
    documents::{
        event::{EventDocument, LinkedDocument},
        values::{Id, Moment},
    },
    errors::Cause,
};

impl Connected {
    pub(super) async fn insert_event(&self, event: &Event) -> Result<(), StoreError> {
        self.calls.write(self.events.insert_one(EventDocument::from(event))).await?;
        Ok(())
    }

    /// What has expired is the oldest, so that leaving it out afterwards leaves no hole.
    pub(super) async fn find_events(
        &self,
        wanted: &EventFilter,
        ids: Range<EventId>,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<Event>, StoreError> {
        let ids = doc! { "$gte": Id::from(ids.start.as_uuid()), "$lt": Id::from(ids.end.as_uuid()) };
        let (mut filter, mut index) = (doc! { "_id": ids }, Document::new());
        if let Some(kind) = wanted.kind {
            filter.insert("kind", kind.as_str());
            index = doc! { "kind": 1 };
        }
        if let Some(user) = wanted.user {
            filter.insert("userId", Id::from(user.as_uuid()));
            index = doc! { "userId": 1 };
        }
        index.insert("_id", 1);
        let mut found = self.find_some(filter, doc! { "_id": -1 }, index, most).await?;
        found.retain(|event| !event.is_gone(now));
        Ok(found)
    }

    pub(super) async fn find_sealed_events(
        &self,
        of: Option<UserId>,
        positions: Range<u64>,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<Event>, StoreError> {
        let [from, before] = [positions.start, positions.end].map(|at| i64::try_from(at).unwrap_or(i64::MAX));
        let mut filter = doc! {
            "link.position": { "$gte": from, "$lt": before },
            "link.expiresAt": { "$gt": Moment::from(now) },
        };
        let mut index = doc! { "link.position": 1 };
        if let Some(user) = of {
            filter.insert("userId", Id::from(user.as_uuid()));
            index = doc! { "userId": 1, "link.position": 1 };
        }
        self.find_some(filter, doc! { "link.position": 1 }, index, most).await
    }

    pub(super) async fn find_unsealed_events(
        &self,
        after: EventId,
        most: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let index = doc! { "link.position": 1, "_id": 1 };
        let waiting = doc! { "link.position": null, "_id": { "$gt": Id::from(after.as_uuid()) } };
        self.find_some(waiting, doc! { "_id": 1 }, index, most).await
    }

    async fn find_some(
        &self,
        filter: Document,
        order: Document,
        index: Document,
        most: u32,
    ) -> Result<Vec<Event>, StoreError> {
        // To MongoDB, no limit and a limit of nothing are the same.
        if most == 0 {
            return Ok(Vec::new());
        }
        let found = self.events.find(filter).sort(order).limit(most.into()).hint(Hint::Keys(index));
        let found = self.calls.read(async { found.await?.try_collect::<Vec<_>>().await }).await?;
        Ok(found.into_iter().map(Event::try_from).collect::<Result<_, _>>()?)
    }

    pub(super) async fn find_head(&self) -> Result<Option<Head>, StoreError> {
        let sealed: Collection<LinkedDocument> = self.events.clone_with_type();
        let head = sealed.find_one(doc! { "link.position": { "$gt": 0 } }).projection(doc! { "link": 1 });
        let head = head.sort(doc! { "link.position": -1 }).hint(Hint::Keys(doc! { "link.position": 1 }));
        Ok(self.calls.read(head).await?.map(Head::try_from).transpose()?)
    }

    pub(super) async fn unset_particulars_of_the_gone(&self, of: UserId) -> Result<(), StoreError> {
        if self.find_user(of).await?.is_some() {
            return Ok(());
        }
        self.unset_particulars(of).await
    }

    pub(super) async fn unset_particulars(&self, of: UserId) -> Result<(), StoreError> {
        let theirs = doc! { "userId": Id::from(of.as_uuid()) };
        let particulars = doc! { "$unset": { "particulars": "", "ip": "", "sessionId": "" } };
        self.calls.write(self.events.update_many(theirs, particulars).into_future()).await.map(drop)
    }

    /// All in one command, in order, of which the first that cannot be done ends the rest: an event that is sealed already is not
    /// found, and adding another one of its id is refused, as is taking another's place.
    pub(super) async fn seal_all(&self, sealed: &[Event]) -> Result<(), StoreError> {
        if sealed.is_empty() {
            return Ok(());
        }
        let updates = sealed.iter().map(|event| {
            let unsealed = doc! { "_id": Id::from(event.id.as_uuid()), "link.position": null };
            Ok(doc! { "q": unsealed, "u": EventDocument::seal(event)?, "upsert": true }.into())
        });
        let command = doc! {
            "update": self.events.name(),
            "updates": updates.collect::<Result<Vec<Bson>, StoreError>>()?,
            "ordered": true,
            "writeConcern": { "w": "majority", "j": true, "wtimeout": 3_000 },
        };
        let answer = self.calls.write(self.database.run_command(command)).await?;
        if answer.contains_key("writeConcernError") {
            return Err(StoreError::OutcomeUnknown(Box::new(Cause::Late)));
        }
        if answer.contains_key("writeErrors") { Err(StoreError::Stale) } else { Ok(()) }
    }
}

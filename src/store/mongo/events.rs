//! Security events: added, read, and never changed.

use futures_util::TryStreamExt;
use mongodb::bson::doc;

use crate::{
    domain::{event::Event, id::UserId},
    store::StoreError,
};

use super::{
    Connected,
    documents::{event::EventDocument, values::Id},
};

impl Connected {
    pub(super) async fn insert_event(&self, event: &Event) -> Result<(), StoreError> {
        self.calls.write(self.events.insert_one(EventDocument::from(event))).await?;
        Ok(())
    }

    pub(super) async fn find_events_of(&self, user: UserId, most: u32) -> Result<Vec<Event>, StoreError> {
        // To MongoDB, no limit and a limit of nothing are the same.
        if most == 0 {
            return Ok(Vec::new());
        }
        let of_user = self.events.find(doc! { "userId": Id::from(user.as_uuid()) });
        let newest = of_user.sort(doc! { "at": -1 }).limit(most.into());
        let found = self.calls.read(async { newest.await?.try_collect::<Vec<_>>().await }).await?;
        Ok(found.into_iter().map(Event::try_from).collect::<Result<_, _>>()?)
    }
}

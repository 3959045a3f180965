//! Outlets: who fills them, and how far they have come.

use async_trait::async_trait;
use jiff::Timestamp;
use mongodb::{bson::doc, options::ReturnDocument};

use crate::{
    domain::{
        event::Head,
        outlet::{Holder, OutletName, Taken, Taking},
    },
    store::{Outlets, StoreError},
};

use super::{
    Connected, MongoStore,
    documents::{
        Misfit,
        values::{Id, Moment},
    },
};

#[async_trait]
impl Outlets for MongoStore {
    async fn take_outlet(
        &self,
        name: &OutletName,
        taking: Taking,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        self.connected()?.take_up(name, taking, now).await
    }

    async fn move_outlet(
        &self,
        name: &OutletName,
        holder: Holder,
        from: u64,
        to: u64,
    ) -> Result<(), StoreError> {
        self.connected()?.update_position(name, holder, from, to).await
    }

    async fn leave_outlet(&self, name: &OutletName, holder: Holder) -> Result<(), StoreError> {
        self.connected()?.update_left(name, holder).await
    }
}

impl Connected {
    /// Where somebody else has it its document does not match, and what the upsert would add has a name that is taken.
    async fn take_up(
        &self,
        name: &OutletName,
        Taking { holder, until, first }: Taking,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let holder = Id::from(holder.as_uuid());
        let free = doc! {
            "_id": name.as_str(),
            "$or": [
                { "holder": holder },
                { "heldUntil": { "$lte": Moment::from(now) } },
                { "heldUntil": { "$gt": Moment::from(now + Taking::LONGEST) } },
            ],
        };
        let take = doc! {
            "$set": { "holder": holder, "heldUntil": Moment::from(until) },
            "$setOnInsert": { "position": as_stored(first) },
        };
        let taken = self.outlets.find_one_and_update(free, take).upsert(true);
        match self.calls.write(taken.return_document(ReturnDocument::After)).await {
            Err(StoreError::Taken) => Ok(Taken::Elsewhere { position: self.position_of(name).await? }),
            taken => Ok(Taken::Ours { position: taken?.ok_or(Misfit("outlets"))?.position()? }),
        }
    }

    async fn position_of(&self, name: &OutletName) -> Result<u64, StoreError> {
        let found = self.calls.read(self.outlets.find_one(doc! { "_id": name.as_str() })).await?;
        Ok(found.ok_or(Misfit("outlets"))?.position()?)
    }

    async fn update_position(
        &self,
        name: &OutletName,
        holder: Holder,
        from: u64,
        to: u64,
    ) -> Result<(), StoreError> {
        let ours = doc! {
            "_id": name.as_str(), "holder": Id::from(holder.as_uuid()), "position": as_stored(from),
        };
        let moved = self.outlets.update_one(ours, doc! { "$set": { "position": as_stored(to) } });
        match self.calls.write(moved.into_future()).await?.matched_count {
            1 => Ok(()),
            _ => Err(StoreError::Stale),
        }
    }

    async fn update_left(&self, name: &OutletName, holder: Holder) -> Result<(), StoreError> {
        let ours = doc! { "_id": name.as_str(), "holder": Id::from(holder.as_uuid()) };
        let free = doc! { "$set": { "heldUntil": Moment::from(Timestamp::UNIX_EPOCH) } };
        self.calls.write(self.outlets.update_one(ours, free).into_future()).await.map(drop)
    }

    /// After an import: what came with it was told of where it came from.
    pub(super) async fn go_to_the_end(&self) -> Result<(), StoreError> {
        let end = self.find_head().await?.map_or(0, |Head { position, .. }| position);
        let there = doc! { "$set": { "position": as_stored(end) } };
        self.calls.write(self.outlets.update_many(doc! {}, there).into_future()).await.map(drop)
    }
}

/// MongoDB's numbers have a sign; none of ours comes near to needing that bit.
fn as_stored(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

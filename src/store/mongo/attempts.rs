//! How often something was tried: counted by one write, so that of two callers each counts.

use jiff::{SignedDuration, Timestamp};
use mongodb::{bson::doc, options::ReturnDocument};

use crate::{
    domain::{
        secret::SecretDigest,
        throttle::{Curve, Try},
    },
    store::StoreError,
};

use super::{
    Connected,
    documents::{
        Misfit,
        values::{Digest, Moment},
    },
};

/// How often somebody else may come between our write and our look.
const ROUNDS: usize = 5;

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

    /// A document that still has to wait does not match, and its name is taken: then it says until when.
    pub(super) async fn try_it_once(
        &self,
        what: &SecretDigest,
        curve: &Curve,
        now: Timestamp,
    ) -> Result<Try, StoreError> {
        for _ in 0..ROUNDS {
            match self.count_try(what, curve, now).await {
                Err(StoreError::Taken) => {}
                counted => return counted.map(|()| Try::May),
            }
            let found = self.attempts.find_one(doc! { "_id": Digest::from(what) });
            let found = self.calls.read(found.into_future()).await?;
            if let Some(until) = found.and_then(|found| found.blocked_until) {
                let until = until.read("blockedUntil")?;
                if until > now {
                    return Ok(Try::Wait { until });
                }
            }
        }
        Err(StoreError::Stale)
    }

    async fn count_try(&self, what: &SecretDigest, curve: &Curve, now: Timestamp) -> Result<(), StoreError> {
        let at = Moment::from(now);
        let free = doc! {
            "_id": Digest::from(what),
            "$or": [{ "blockedUntil": null }, { "blockedUntil": { "$lte": at } }, { "expiresAt": { "$lte": at } }],
        };
        let end = Moment::from(now + curve.memory);
        let doublings = doc! { "$min": [{ "$subtract": ["$count", curve.from] }, Curve::DOUBLINGS] };
        let pause = doc! { "$min": [
            millis(curve.longest),
            { "$multiply": [millis(curve.first), { "$pow": [2, doublings] }] },
        ] };
        let on = vec![
            doc! { "$set": {
                "count": { "$cond": [{ "$gt": ["$expiresAt", at] }, { "$add": ["$count", 1] }, 1] },
                "expiresAt": end,
            } },
            doc! { "$set": { "blockedUntil": { "$switch": { "branches": [
                { "case": { "$lt": ["$count", curve.from] }, "then": "$$REMOVE" },
                { "case": { "$gte": ["$count", curve.last] }, "then": end },
            ], "default": { "$add": [at, pause] } } } } },
        ];
        let counted = self.attempts.update_one(free, on).upsert(true);
        self.calls.write(counted.into_future()).await.map(drop)
    }

    pub(super) async fn forget_all_tries(&self, what: &[SecretDigest]) -> Result<(), StoreError> {
        let names: Vec<_> = what.iter().map(Digest::from).collect();
        let forgotten = self.attempts.delete_many(doc! { "_id": { "$in": names } });
        self.calls.write(forgotten.into_future()).await.map(drop)
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

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

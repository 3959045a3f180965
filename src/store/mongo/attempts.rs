//! How often something was tried: counted by one write, so that of two callers each counts.

use async_trait::async_trait;
use futures_util::{TryStreamExt, future::try_join_all};
use jiff::{SignedDuration, Timestamp};
use mongodb::{
    bson::{Bson, Document, doc},
    options::ReturnDocument,
};

use crate::{
    domain::{
        sealed::Sealed,
        secret::SecretDigest,
        throttle::{Attempt, Counter, Curve, Name, Stop, Tally, Try, WrongPair},
    },
    store::{Attempts, BATCH, Count, StoreError},
};

use super::{
    Connected, MongoStore,
    documents::{
        Misfit,
        attempt::AttemptDocument,
        values::{Bytes, Digest, Moment},
    },
};

#[async_trait]
impl Attempts for MongoStore {
    async fn count(
        &self,
        what: &Name,
        most: u32,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Count, StoreError> {
        let connected = self.connected()?;
        match connected.full_count(&what.digest, most, now).await? {
            Some(full) => Ok(full),
            None => connected.count_one(what, until, now).await,
        }
    }

    async fn try_once(&self, attempt: &Attempt, now: Timestamp) -> Result<Try, StoreError> {
        self.connected()?.try_it_once(attempt, now).await
    }

    async fn note_wrong_pair(
        &self,
        wrong: &WrongPair,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.connected()?.note_pair(wrong, now).await
    }

    async fn take_back(&self, counters: &[Counter], tried_at: Timestamp) -> Result<(), StoreError> {
        self.connected()?.take_all_back(counters, tried_at).await
    }

    async fn forget_tries(&self, what: &[SecretDigest]) -> Result<(), StoreError> {
        self.connected()?.forget_all_tries(what).await
    }

    async fn tallies(&self, after: Option<SecretDigest>, now: Timestamp) -> Result<Vec<Tally>, StoreError> {
        self.connected()?.find_tallies(after, now).await
    }
}

impl Connected {
    /// Of two who begin the same count at once one meets the other's document, and counts on.
    async fn count_one(&self, what: &Name, until: Timestamp, now: Timestamp) -> Result<Count, StoreError> {
        let runs = doc! { "$gt": ["$expiresAt", Moment::from(now)] };
        let one_more = vec![doc! { "$set": {
            "count": { "$cond": [runs.clone(), { "$add": ["$count", 1] }, 1] },
            "expiresAt": { "$cond": [runs, "$expiresAt", Moment::from(until)] },
            "label": label_of(&what.label),
        } }];
        let counted = self.update_attempt(&what.digest, one_more).await?;
        Ok(Count { so_far: counted.count, until: counted.expires_at.read("expiresAt")?, counted: true })
    }

    /// The count, where it has come so far.
    async fn full_count(
        &self,
        what: &SecretDigest,
        most: u32,
        now: Timestamp,
    ) -> Result<Option<Count>, StoreError> {
        if most == u32::MAX {
            return Ok(None);
        }
        let full = doc! { "_id": Digest::from(what), "count": { "$gte": most }, "expiresAt": { "$gt": Moment::from(now) } };
        let full = self.calls.read(self.attempts.find_one(full).into_future()).await?;
        let full = full.map(|full| {
            Ok(Count { so_far: full.count, until: full.expires_at.read("expiresAt")?, counted: false })
        });
        full.transpose()
    }

    /// Looks first, so that whoever waits costs no write; what decides is each counter's own write.
    async fn try_it_once(
        &self,
        Attempt { counters, gates }: &Attempt,
        now: Timestamp,
    ) -> Result<Try, StoreError> {
        let counted: Vec<_> = counters.iter().map(|counter| counter.name.digest).collect();
        if let Some(waits) = self.waits(&counted, gates, now).await? {
            return Ok(waits);
        }
        let counted_now = counters.iter().map(|counter| self.count_try(counter, now));
        let counted_now = try_join_all(counted_now).await?;
        if counted_now.iter().all(Option::is_some) {
            return Ok(Try::May { next_waits: counted_now.contains(&Some(true)) });
        }
        // Somebody else was quicker, and it is they who made it wait: for so long at least, where their write cannot be read yet.
        let first = counters.iter().map(|counter| counter.curve.first).max().unwrap_or_default();
        let waits = self.waits(&counted, gates, now).await?;
        Ok(waits.unwrap_or(Try::Wait { until: now + first, at: Stop::Counter }))
    }

    async fn waits(
        &self,
        counted: &[SecretDigest],
        gates: &[SecretDigest],
        now: Timestamp,
    ) -> Result<Option<Try>, StoreError> {
        let names: Vec<_> = counted.iter().chain(gates).map(Digest::from).collect();
        let at = Moment::from(now);
        let waiting =
            doc! { "_id": { "$in": names }, "blockedUntil": { "$gt": at }, "expiresAt": { "$gt": at } };
        let found = self.attempts.find(waiting);
        let found = self.calls.read(async { found.await?.try_collect::<Vec<_>>().await }).await?;
        let found = found.into_iter().map(|found| found.tally(now)).collect::<Result<Vec<_>, _>>()?;
        let stopped = found.into_iter().filter_map(|tally| {
            let at = if gates.contains(&tally.digest) { Stop::Gate } else { Stop::Counter };
            Some((tally.waits_until?, at))
        });
        Ok(stopped.max().map(|(until, at)| Try::Wait { until, at }))
    }

    /// Whether the next one has to wait. `None` where this one does: then its document does not match, and what the upsert would add has a
    /// name that is taken.
    async fn count_try(
        &self,
        Counter { name, curve }: &Counter,
        now: Timestamp,
    ) -> Result<Option<bool>, StoreError> {
        let at = Moment::from(now);
        let free = doc! {
            "_id": Digest::from(&name.digest),
            "$or": [{ "blockedUntil": null }, { "blockedUntil": { "$lte": at } }, { "expiresAt": { "$lte": at } }],
        };
        for _ in 0..BEGINNINGS {
            let counted = self.attempts.find_one_and_update(free.clone(), one_more(name, curve, now));
            let counted = counted.upsert(true).return_document(ReturnDocument::After);
            match self.calls.write(counted).await {
                Err(StoreError::Taken) => {}
                counted => return Ok(Some(counted?.ok_or(Misfit("attempts"))?.blocked_until.is_some())),
            }
        }
        Ok(None)
    }

    /// The pairs lie in the document of their network, and are never more than make it wait.
    async fn note_pair(
        &self,
        WrongPair { network, pair, rule }: &WrongPair,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let (until, forgotten_at) = (now + rule.pause, now + rule.within);
        let recent = doc! { "$filter": { "input": { "$ifNull": ["$wrong", []] }, "cond": { "$and": [
            { "$gt": ["$$this.at", Moment::from(now - rule.within)] },
            { "$ne": ["$$this.pair", pair.as_i64()] },
        ] } } };
        let latest = doc! { "pair": pair.as_i64(), "at": Moment::from(now) };
        let full = doc! { "$gte": [{ "$size": "$wrong" }, rule.pairs] };
        let noted = vec![
            doc! { "$set": { "wrong": { "$concatArrays": [recent, [latest]] }, "label": label_of(&network.label) } },
            doc! { "$set": {
                "count": { "$size": "$wrong" },
                "blockedUntil": { "$cond": [full.clone(), Moment::from(until), { "$ifNull": ["$blockedUntil", "$$REMOVE"] }] },
                "expiresAt": { "$max": ["$expiresAt", { "$cond": [full.clone(), Moment::from(until), Moment::from(forgotten_at)] }] },
            } },
            doc! { "$set": { "wrong": { "$cond": [full, "$$REMOVE", "$wrong"] } } },
        ];
        let noted = self.update_attempt(&network.digest, noted).await?;
        Ok((noted.count >= rule.pairs).then_some(until))
    }

    async fn take_all_back(&self, counters: &[Counter], tried_at: Timestamp) -> Result<(), StoreError> {
        let taken_back = counters.iter().map(|Counter { name, curve }| {
            let name = doc! { "_id": Digest::from(&name.digest) };
            self.calls.write(self.attempts.update_one(name, one_less(curve, tried_at)).into_future())
        });
        try_join_all(taken_back).await.map(drop)
    }

    async fn forget_all_tries(&self, what: &[SecretDigest]) -> Result<(), StoreError> {
        let names: Vec<_> = what.iter().map(Digest::from).collect();
        let forgotten = self.attempts.delete_many(doc! { "_id": { "$in": names } });
        self.calls.write(forgotten.into_future()).await.map(drop)
    }

    async fn find_tallies(
        &self,
        after: Option<SecretDigest>,
        now: Timestamp,
    ) -> Result<Vec<Tally>, StoreError> {
        let mut running = doc! { "expiresAt": { "$gt": Moment::from(now) } };
        if let Some(after) = after {
            running.insert("_id", doc! { "$gt": Digest::from(&after) });
        }
        let found = self
            .attempts
            .find(running)
            .sort(doc! { "_id": 1 })
            .limit(i64::try_from(BATCH).unwrap_or(i64::MAX));
        let found = self.calls.read(async { found.await?.try_collect::<Vec<_>>().await }).await?;
        Ok(found.into_iter().map(|found| found.tally(now)).collect::<Result<_, _>>()?)
    }

    async fn update_attempt(
        &self,
        what: &SecretDigest,
        update: Vec<Document>,
    ) -> Result<AttemptDocument, StoreError> {
        let mut beginnings = 1..;
        loop {
            let updated =
                self.attempts.find_one_and_update(doc! { "_id": Digest::from(what) }, update.clone());
            let updated = updated.upsert(true).return_document(ReturnDocument::After);
            match self.calls.write(updated).await {
                Err(StoreError::Taken) if beginnings.next() < Some(BEGINNINGS) => {}
                updated => return Ok(updated?.ok_or(Misfit("attempts"))?),
            }
        }
    }
}

/// A name that is taken may be that of a document which somebody else has just begun, and which can be counted on.
const BEGINNINGS: usize = 2;

/// What a document comes to be, counted by the server.
fn one_more(name: &Name, curve: &Curve, now: Timestamp) -> Vec<Document> {
    let (at, end) = (Moment::from(now), Moment::from(now + curve.memory));
    let few = doc! { "$lt": ["$count", curve.from] };
    vec![
        doc! { "$set": {
            "count": { "$cond": [{ "$gt": ["$expiresAt", at] }, { "$add": ["$count", 1] }, 1] },
            "label": label_of(&name.label),
        } },
        doc! { "$set": {
            "expiresAt": { "$cond": [few, Moment::from(now + curve.brief), end] },
            "blockedUntil": blocked_until(curve, &"$count".into(), &at.into(), &end.into()),
        } },
    ]
}

/// What it comes to be without one of them; the latest was so long before the count is forgotten.
fn one_less(curve: &Curve, tried_at: Timestamp) -> Vec<Document> {
    let less = doc! { "$max": [0, { "$subtract": ["$count", 1] }] };
    let (latest, tried_at) =
        (doc! { "$subtract": ["$expiresAt", millis(curve.memory)] }, Moment::from(tried_at));
    let begins = doc! { "$eq": ["$count", curve.from] };
    let was_free =
        doc! { "$and": [{ "$gt": ["$count", curve.from] }, { "$eq": [latest.clone(), tried_at] }] };
    let end = doc! { "$cond": [begins, { "$add": [latest.clone(), millis(curve.brief)] }, "$expiresAt"] };
    let waits = blocked_until(curve, &less.clone().into(), &latest.into(), &"$expiresAt".into());
    vec![doc! { "$set": {
        "count": less, "expiresAt": end, "blockedUntil": { "$cond": [was_free, tried_at, waits] },
    } }]
}

/// Until when the next one waits, by how many there were, when the latest was, and when all are forgotten.
fn blocked_until(curve: &Curve, count: &Bson, at: &Bson, end: &Bson) -> Document {
    let doublings = doc! { "$min": [{ "$subtract": [count, curve.from] }, Curve::DOUBLINGS] };
    let pause = doc! { "$min": [
        millis(curve.longest),
        { "$multiply": [millis(curve.first), { "$pow": [2, doublings] }] },
    ] };
    doc! { "$switch": { "branches": [
        { "case": { "$lt": [count, curve.from] }, "then": "$$REMOVE" },
        { "case": { "$gte": [count, curve.last] }, "then": end },
    ], "default": { "$add": [at, pause] } } }
}

fn label_of(label: &Sealed) -> Bytes {
    label.as_bytes().into()
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

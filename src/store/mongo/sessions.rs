//! Sessions: found together with their user, noted as used, renewed a generation at a time, ended once.

use futures_util::TryStreamExt;
use jiff::Timestamp;
use mongodb::bson::{Document, doc};
use serde::Deserialize;

use crate::{
    domain::{
        id::{SessionId, UserId},
        secret::SecretDigest,
        session::{Ended, Rotation, Seen, Session},
        user::User,
    },
    store::{MOST_SESSIONS, StoreError},
};

use super::{
    Connected,
    documents::{
        Misfit,
        session::SessionDocument,
        user::UserDocument,
        values::{Digest, Id, Moment},
    },
};

/// What is found by a secret or an id.
#[derive(Deserialize)]
struct SessionWithUser {
    session: SessionDocument,
    user: UserDocument,
}

impl Connected {
    pub(super) async fn insert_session(&self, session: &Session) -> Result<(), StoreError> {
        self.calls.write(self.sessions.insert_one(SessionDocument::from(session))).await?;
        Ok(())
    }

    pub(super) async fn find_session(
        &self,
        secret: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        let secret = Digest::from(secret);
        self.find_with_user(
            doc! { "$or": [{ "secretDigest": secret.clone() }, { "previous.digest": secret }] },
        )
        .await
    }

    pub(super) async fn find_session_by_id(
        &self,
        id: SessionId,
    ) -> Result<Option<(Session, User)>, StoreError> {
        self.find_with_user(doc! { "_id": Id::from(id.as_uuid()) }).await
    }

    /// One question for both, since this is what every request waits for: against two in a row it saves a way to
    /// the server and back, a quarter of the time even on one machine, at the same cost for the server.
    async fn find_with_user(&self, filter: Document) -> Result<Option<(Session, User)>, StoreError> {
        let pipeline = [
            doc! { "$match": filter },
            doc! { "$project": { "_id": 0, "session": "$$ROOT" } },
            doc! { "$lookup": {
                "from": "users", "localField": "session.userId", "foreignField": "_id", "as": "user",
            } },
            doc! { "$unwind": "$user" },
        ];
        let found = self.calls.read(async {
            let mut found = self.sessions.aggregate(pipeline).with_type::<SessionWithUser>().await?;
            found.try_next().await
        });
        let Some(found) = found.await? else { return Ok(None) };
        Ok(Some((found.session.try_into()?, found.user.try_into()?)))
    }

    pub(super) async fn find_sessions_of(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let later = doc! { "$gt": Moment::from(now) };
        let filter = doc! {
            "userId": Id::from(user.as_uuid()),
            "endedAt": null,
            "idleExpiresAt": later.clone(),
            "expiresAt": later,
        };
        let newest = self.sessions.find(filter).sort(doc! { "createdAt": -1 }).limit(MOST_SESSIONS.into());
        let found = self.calls.read(async { newest.await?.try_collect::<Vec<_>>().await }).await?;
        Ok(found.into_iter().map(Session::try_from).collect::<Result<_, _>>()?)
    }

    pub(super) async fn find_sessions_ever_of(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let all = self.sessions.find(doc! { "userId": Id::from(user.as_uuid()) });
        let all = all.sort(doc! { "createdAt": -1 }).limit(MOST_SESSIONS.into());
        let found = self.calls.read(async { all.await?.try_collect::<Vec<_>>().await }).await?;
        Ok(found.into_iter().map(Session::try_from).collect::<Result<_, _>>()?)
    }

    pub(super) async fn update_seen(&self, id: SessionId, seen: Seen) -> Result<(), StoreError> {
        let filter = doc! {
            "_id": Id::from(id.as_uuid()),
            "endedAt": null,
            "lastSeenAt": { "$lte": Moment::from(seen.at) },
        };
        // Lifetimes may have become shorter since; what a session was granted it keeps.
        let update = doc! {
            "$set": { "lastSeenAt": Moment::from(seen.at) },
            "$max": { "idleExpiresAt": Moment::from(seen.idle_expires_at) },
        };
        self.calls.write(self.sessions.update_one(filter, update)).await?;
        Ok(())
    }

    /// The generation says that nobody was quicker; of two who read the same one, one writes.
    pub(super) async fn update_rotated(&self, rotation: &Rotation) -> Result<(), StoreError> {
        let generation = i64::try_from(rotation.generation).map_err(|_| Misfit("generation"))?;
        let (from, at) = (Digest::from(&rotation.from), Moment::from(rotation.at));
        let filter = doc! {
            "_id": Id::from(rotation.session.as_uuid()),
            "secretDigest": from.clone(),
            "generation": generation,
            "endedAt": null,
        };
        let update = doc! {
            "$set": {
                "secretDigest": Digest::from(&rotation.to),
                "previous": { "digest": from, "rotatedAt": at },
            },
            "$inc": { "generation": 1_i64 },
            "$max": { "lastSeenAt": at, "idleExpiresAt": Moment::from(rotation.idle_expires_at) },
        };
        let done = self.calls.write(self.sessions.update_one(filter, update)).await?;
        if done.matched_count == 1 { Ok(()) } else { Err(StoreError::Stale) }
    }

    pub(super) async fn update_ended(&self, id: SessionId, ended: Ended) -> Result<bool, StoreError> {
        let filter = doc! { "_id": Id::from(id.as_uuid()), "endedAt": null };
        let update =
            doc! { "$set": { "endedAt": Moment::from(ended.at), "endReason": ended.reason.as_str() } };
        let done = self.calls.write(self.sessions.update_one(filter, update)).await?;
        Ok(done.matched_count == 1)
    }
}

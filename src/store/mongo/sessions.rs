//! Sessions: found by their secret together with their user, noted as used, ended once.

use futures_util::TryStreamExt;
use mongodb::bson::doc;
use serde::Deserialize;

use crate::{
    domain::{
        id::SessionId,
        secret::SecretDigest,
        session::{Ended, Seen, Session},
        user::User,
    },
    store::StoreError,
};

use super::{
    Connected,
    documents::{
        session::SessionDocument,
        user::UserDocument,
        values::{Digest, Id, Moment},
    },
};

/// What is found by a secret.
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

    /// One question for both, since this is what every request waits for: against two in a row it saves a way to
    /// the server and back, a quarter of the time even on one machine, at the same cost for the server.
    pub(super) async fn find_session(
        &self,
        secret: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        let pipeline = [
            doc! { "$match": { "secretDigest": Digest::from(secret) } },
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

    pub(super) async fn update_ended(&self, id: SessionId, ended: Ended) -> Result<bool, StoreError> {
        let filter = doc! { "_id": Id::from(id.as_uuid()), "endedAt": null };
        let update =
            doc! { "$set": { "endedAt": Moment::from(ended.at), "endReason": ended.reason.as_str() } };
        let done = self.calls.write(self.sessions.update_one(filter, update)).await?;
        Ok(done.matched_count == 1)
    }
}

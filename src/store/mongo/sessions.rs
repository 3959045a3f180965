//! Sessions: found by their secret together with their user, noted as used, ended once.

use mongodb::bson::doc;

use crate::{
    domain::{
        secret::SecretDigest,
        session::{Ended, Seen, Session},
        user::User,
    },
    store::StoreError,
};

use super::{
    MongoStore,
    documents::{
        session::SessionDocument,
        values::{Digest, Moment},
    },
};

impl MongoStore {
    pub(super) async fn insert_session(&self, session: &Session) -> Result<(), StoreError> {
        self.calls.write(self.sessions.insert_one(SessionDocument::from(session))).await?;
        Ok(())
    }

    pub(super) async fn find_session(
        &self,
        secret: &SecretDigest,
    ) -> Result<Option<(Session, User)>, StoreError> {
        let filter = doc! { "secretDigest": Digest::from(secret) };
        let found = self.calls.read(async {
            let Some(session) = self.sessions.find_one(filter).await? else { return Ok(None) };
            let user = self.users.find_one(doc! { "_id": session.user_id }).await?;
            Ok(user.map(|user| (session, user)))
        });
        let Some((session, user)) = found.await? else { return Ok(None) };
        Ok(Some((session.try_into()?, user.try_into()?)))
    }

    pub(super) async fn update_seen(&self, secret: &SecretDigest, seen: Seen) -> Result<(), StoreError> {
        let filter = doc! {
            "secretDigest": Digest::from(secret),
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

    pub(super) async fn update_ended(&self, secret: &SecretDigest, ended: Ended) -> Result<bool, StoreError> {
        let filter = doc! { "secretDigest": Digest::from(secret), "endedAt": null };
        let update =
            doc! { "$set": { "endedAt": Moment::from(ended.at), "endReason": ended.reason.as_str() } };
        let done = self.calls.write(self.sessions.update_one(filter, update)).await?;
        Ok(done.matched_count == 1)
    }
}

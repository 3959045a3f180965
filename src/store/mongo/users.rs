//! Users: found by id or address, added once, replaced by revision.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use mongodb::bson::{self, Bson, Document, doc};
use serde::Deserialize;

use crate::{
    domain::{email::Email, id::UserId, user::User},
    store::{Added, StoreError},
};

use super::{
    Connected,
    documents::{
        Misfit,
        user::UserDocument,
        values::{Id, Moment},
    },
    errors,
};

/// Of a user, what tells which.
#[derive(Deserialize)]
struct IdDocument {
    #[serde(rename = "_id")]
    id: Id,
}

impl Connected {
    pub(super) async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.find_one_user(doc! { "_id": Id::from(id.as_uuid()) }).await
    }

    pub(super) async fn find_user_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        self.find_one_user(doc! { "email.canonical": email.canonical() }).await
    }

    async fn find_one_user(&self, filter: Document) -> Result<Option<User>, StoreError> {
        let found = self.calls.read(self.users.find_one(filter)).await?;
        Ok(found.map(User::try_from).transpose()?)
    }

    pub(super) async fn insert_user(&self, user: &User) -> Result<(), StoreError> {
        let document = UserDocument::try_from(user)?;
        self.calls.write(self.users.insert_one(document)).await?;
        Ok(())
    }

    /// What is refused as a duplicate is looked for by its id: found, it was there before.
    pub(super) async fn insert_users(&self, users: &[User]) -> Result<Vec<Added>, StoreError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let documents = users.iter().map(UserDocument::try_from).collect::<Result<Vec<_>, _>>()?;
        let insert = self.users.insert_many(documents).ordered(false);
        let refused = async { insert.await.map(|_| Vec::new()).or_else(errors::duplicates) };
        let refused = self.calls.write(refused).await?;
        let mut added = vec![Added::New; users.len()];
        let before = self.ids_among(refused.iter().filter_map(|at| users.get(*at))).await?;
        for at in refused {
            if let (Some(user), Some(place)) = (users.get(at), added.get_mut(at)) {
                *place = if before.contains(&user.id()) { Added::Before } else { Added::Taken };
            }
        }
        Ok(added)
    }

    async fn ids_among(&self, users: impl Iterator<Item = &User>) -> Result<HashSet<UserId>, StoreError> {
        let ids: Vec<Bson> = users.map(|user| Id::from(user.id().as_uuid()).into()).collect();
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let users = self.users.clone_with_type::<IdDocument>();
        let found = users.find(doc! { "_id": { "$in": ids } }).projection(doc! { "_id": 1 });
        let found = self.calls.read(async { found.await?.try_collect::<Vec<_>>().await }).await?;
        Ok(found.into_iter().map(|document| UserId::from_uuid(document.id.into())).collect())
    }

    pub(super) async fn update_user(&self, user: &User) -> Result<(), StoreError> {
        let revision = i64::try_from(user.attrs().revision).map_err(|_| Misfit("revision"))?;
        let filter = doc! { "_id": Id::from(user.id().as_uuid()), "revision": revision };
        let update = update(&UserDocument::try_from(&user.clone().written())?)?;
        let done = self.calls.write(self.users.update_one(filter, update)).await?;
        if done.matched_count == 1 { Ok(()) } else { Err(StoreError::Stale) }
    }

    pub(super) async fn find_users_to_write_to(
        &self,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<User>, StoreError> {
        let due = self.users.find(doc! { "outbox.nextTryAt": { "$lte": Moment::from(now) } });
        let due = due.sort(doc! { "outbox.nextTryAt": 1 }).limit(most.into());
        let due = self.calls.read(async { due.await?.try_collect::<Vec<_>>().await }).await?;
        Ok(due.into_iter().map(User::try_from).collect::<Result<_, _>>()?)
    }

    pub(super) async fn find_users_to_erase(
        &self,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        let over = self.users.clone_with_type::<IdDocument>();
        let over = over.find(doc! { "eraseAt": { "$lte": Moment::from(now) } });
        let over = over.projection(doc! { "_id": 1 }).limit(most.into());
        let over = self.calls.read(async { over.await?.try_collect::<Vec<_>>().await }).await?;
        Ok(over.into_iter().map(|found| UserId::from_uuid(found.id.into())).collect())
    }

    /// What is theirs goes first: nobody comes back once the grace is over, so that this may break off and be repeated.
    pub(super) async fn remove_user(&self, id: UserId, now: Timestamp) -> Result<bool, StoreError> {
        let user = Id::from(id.as_uuid());
        let over = doc! { "_id": user, "eraseAt": { "$lte": Moment::from(now) } };
        if self.calls.read(self.users.find_one(over.clone())).await?.is_none() {
            return Ok(false);
        }
        self.calls.write(self.sessions.delete_many(doc! { "userId": user })).await?;
        self.unset_particulars(id).await?;
        Ok(self.calls.write(self.users.delete_one(over)).await?.deleted_count == 1)
    }
}

/// Sets every field this release knows and no other: what a newer one has added beside them stays.
fn update(document: &UserDocument) -> Result<Document, Misfit> {
    let document = bson::serialize_to_document(document).map_err(|_| Misfit("users"))?;
    let absent = UserDocument::OPTIONAL.into_iter().filter(|field| !document.contains_key(field));
    let unset: Document = absent.map(|field| (field.to_owned(), Bson::from(""))).collect();

    let mut set = Document::new();
    for (field, value) in document {
        set_leaves(&mut set, field, value);
    }
    set.remove("_id");
    Ok(if unset.is_empty() {
        doc! { "$set": set }
    } else {
        doc! { "$set": set, "$unset": unset }
    })
}

fn set_leaves(set: &mut Document, path: String, value: Bson) {
    match value {
        Bson::Document(inner) => {
            for (field, value) in inner {
                set_leaves(set, format!("{path}.{field}"), value);
            }
        }
        leaf => {
            set.insert(path, leaf);
        }
    }
}

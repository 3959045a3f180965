//! Shape: what was written past the types does not get in, and what got in all the same is not served.

use jiff::SignedDuration;
use mongodb::{
    bson::{Bson, DateTime, Document, doc},
    error::{ErrorKind, WriteFailure},
};
use portcullis::{
    domain::user::{User, UserAttrs},
    store::{Store, StoreError},
};

use super::{
    super::contract::{sessions::assert_stored, with_store},
    MongoDatabase, fresh,
};
use crate::support::people::{People, email};

/// A ready store with one user in it, and the database behind it.
async fn ada(case: impl AsyncFnOnce(&dyn Store, &MongoDatabase, &User)) {
    let Some(database) = fresh().await else { return };
    let (store, people) = (database.store(), People::new());
    store.migrate(people.now()).await.unwrap();
    let user = people.user("ada@example.org");
    store.add_user(&user).await.unwrap();
    case(&store, &database, &user).await;
    super::Database::remove(&database).await;
}

#[tokio::test]
async fn a_malformed_user_is_refused_by_the_validator() {
    ada(async |_, database: &MongoDatabase, _| {
        let users = database.raw().await.collection::<Document>("users");
        let whole = users.find_one(doc! {}).await.unwrap().unwrap();
        let spoiled: [fn(&mut Document); 6] = [
            |user| _ = user.insert("isAdmin", true),
            |user| _ = user.remove("password"),
            |user| _ = user.insert("createdAt", "2100-01-02T03:04:05Z"),
            |user| _ = user.insert("epoch", -1_i64),
            |user| _ = user.insert("status", "superuser"),
            |user| _ = user.get_document_mut("password").unwrap().insert("clear", "hunter2"),
        ];
        for (number, spoil) in spoiled.into_iter().enumerate() {
            let mut user = whole.clone();
            let id = mongodb::bson::Uuid::from_bytes([u8::try_from(number).unwrap(); 16]);
            user.insert("_id", id);
            user.get_document_mut("email").unwrap().insert("canonical", format!("{number}@example.org"));
            let sound = users.insert_one(&user).await;
            assert!(sound.is_ok(), "{sound:?}");
            users.delete_one(doc! { "_id": id }).await.unwrap();

            spoil(&mut user);
            let refused = users.insert_one(user).await.unwrap_err();
            let ErrorKind::Write(WriteFailure::WriteError(error)) = &*refused.kind else {
                panic!("{refused:?}")
            };
            assert_eq!(error.code, 121, "case {number}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_broken_and_its_content_is_not_told() {
    ada(async |store: &dyn Store, database: &MongoDatabase, user: &User| {
        let users = database.raw().await.collection::<Document>("users");
        let secret = "hunter2";
        for spoil in [
            doc! { "password.hash": secret },
            doc! { "password.history": [secret] },
            doc! { "email.canonical": "hunter2@example.org" },
            doc! { "createdAt": secret },
            doc! { "epoch": Bson::Null },
            doc! { "roles": [secret, "NOT A ROLE"] },
            doc! { "disabledAt": DateTime::from_millis(i64::MAX) },
        ] {
            let whole = users.find_one(doc! {}).await.unwrap().unwrap();
            let past_the_validator = users.update_one(doc! {}, doc! { "$set": spoil.clone() });
            past_the_validator.bypass_document_validation(true).await.unwrap();
            let found = store.user(user.id()).await;
            let Err(StoreError::Broken(cause)) = found else { panic!("{spoil}: {found:?}") };
            assert!(!format!("{cause} {cause:?}").contains(secret), "{cause}");
            users.replace_one(doc! {}, whole).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_later_release_stored_is_read_and_kept() {
    ada(async |store: &dyn Store, database: &MongoDatabase, user: &User| {
        let users = database.raw().await.collection::<Document>("users");
        let later = doc! { "factors": { "totp": 1 }, "password.strength": 4 };
        users.update_one(doc! {}, doc! { "$set": later }).bypass_document_validation(true).await.unwrap();
        assert_eq!(store.user(user.id()).await.unwrap().as_ref(), Some(user));

        // The validator of that release knows its fields, so it would let this write through.
        database.raw().await.run_command(doc! { "collMod": "users", "validator": {} }).await.unwrap();
        let moved = User::build(UserAttrs { email: email("lovelace@example.org"), ..user.attrs().clone() });
        store.replace_user(&moved).await.unwrap();
        let stored = users.find_one(doc! {}).await.unwrap().unwrap();
        assert_eq!(stored.get_document("factors").unwrap(), &doc! { "totp": 1 });
        assert!(stored.get_document("password").unwrap().contains_key("strength"));
        assert_eq!(
            stored.get_document("email").unwrap().get_str("canonical").unwrap(),
            "lovelace@example.org"
        );
    })
    .await;
}

#[tokio::test]
async fn what_a_later_release_says_of_a_session_is_read() {
    ada(async |store: &dyn Store, database: &MongoDatabase, user: &User| {
        let people = People::new();
        let session = people.session(user);
        store.add_session(&session).await.unwrap();
        let sessions = database.raw().await.collection::<Document>("sessions");

        sessions.update_one(doc! {}, doc! { "$set": { "amr": ["hwk", "pwd"] } }).await.unwrap();
        assert_stored(store, &session, user).await;

        let end = doc! { "endedAt": DateTime::from_millis(1), "endReason": "whim" };
        sessions.update_one(doc! {}, doc! { "$set": end }).await.unwrap();
        let (ended, user) = store.session(&session.secret_digest).await.unwrap().unwrap();
        assert_eq!(ended.ended.unwrap().at.as_millisecond(), 1);
        assert!(!ended.holds(&user, people.now()));
    })
    .await;
}

#[tokio::test]
async fn a_field_that_ended_is_gone() {
    with_store(fresh().await, async |store: std::sync::Arc<dyn Store>, people: &People| {
        let user = people.user("ada@example.org");
        let verified = UserAttrs { email_verified_at: Some(people.now()), ..user.attrs().clone() };
        store.add_user(&User::build(verified.clone())).await.unwrap();
        people.clock.advance(SignedDuration::from_secs(1));
        let moved = User::build(UserAttrs { email_verified_at: None, ..verified });
        store.replace_user(&moved).await.unwrap();
        let found = store.user(user.id()).await.unwrap().unwrap();
        assert_eq!(found.attrs().email_verified_at, None);
    })
    .await;
}

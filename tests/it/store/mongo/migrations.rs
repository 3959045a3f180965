//! Migrations: what stands in the way is named and left alone, and a dead holder of the lock is replaced.

use jiff::{SignedDuration, Timestamp};
use mongodb::{
    IndexModel,
    bson::{Binary, DateTime, Document, Uuid, doc, spec::BinarySubtype},
    options::IndexOptions,
};
use portcullis::{
    domain::{session::Session, user::User},
    store::{MigrateError, Store},
};

use super::{Database, MongoDatabase, fresh};
use crate::support::people::People;

/// Lets `spoil` at a database, and returns the sentence it is refused with.
async fn refused(spoil: impl AsyncFnOnce(&mongodb::Database)) -> Option<String> {
    let database = fresh().await?;
    spoil(&database.raw().await).await;
    let answer = database.store().migrate(People::new().now()).await;
    let Err(MigrateError::Refused(sentence)) = answer else { panic!("{answer:?}") };
    assert_eq!(holder(&database).await, None, "the lock was given back");
    database.remove().await;
    Some(sentence)
}

async fn settings(database: &MongoDatabase) -> Option<Document> {
    let settings = database.raw().await.collection::<Document>("settings");
    settings.find_one(doc! { "_id": "store" }).await.unwrap()
}

async fn holder(database: &MongoDatabase) -> Option<Document> {
    settings(database).await?.get_document("lock").ok().cloned()
}

async fn hold_lock(database: &MongoDatabase, until: Timestamp) {
    let until = DateTime::from_millis(until.as_millisecond());
    let lock = doc! { "holder": Uuid::from_bytes([7; 16]), "until": until };
    let settings = database.raw().await.collection::<Document>("settings");
    settings.insert_one(doc! { "_id": "store", "lock": lock }).await.unwrap();
}

#[tokio::test]
async fn a_holder_whose_lease_has_ended_is_replaced() {
    let Some(database) = fresh().await else { return };
    let now = People::new().now();
    hold_lock(&database, now).await;
    let store = database.store();
    store.migrate(now).await.unwrap();
    assert_eq!(holder(&database).await, None);
    assert_eq!(settings(&database).await.unwrap().get_document("schema").unwrap().len(), 2);
    database.remove().await;
}

#[tokio::test]
async fn a_living_holder_is_waited_for() {
    let Some(database) = fresh().await else { return };
    let now = People::new().now();
    hold_lock(&database, now + SignedDuration::from_millis(700)).await;
    let store = database.store();
    let watch = portcullis::system::clock::Stopwatch::start();
    store.migrate(now).await.unwrap();
    assert!(watch.elapsed().as_millis() >= 700, "{:?}", watch.elapsed());
    database.remove().await;
}

#[tokio::test]
async fn duplicates_are_refused_in_a_sentence_that_does_not_quote_them() {
    let sentence = refused(async |raw: &mongodb::Database| {
        let users = raw.collection::<Document>("users");
        let twin = doc! { "email": { "canonical": "ada@example.org" } };
        users.insert_many([twin.clone(), twin]).await.unwrap();
    })
    .await;
    let Some(sentence) = sentence else { return };
    assert!(sentence.contains("email.canonical") && sentence.contains("duplicates"), "{sentence}");
    assert!(!sentence.contains("ada"), "{sentence}");
}

#[tokio::test]
async fn an_index_in_the_way_is_refused_and_left_alone() {
    let sentence = refused(async |raw: &mongodb::Database| {
        let index = IndexModel::builder().keys(doc! { "secretDigest": 1 }).build();
        raw.collection::<Document>("sessions").create_index(index).await.unwrap();
    })
    .await;
    let Some(sentence) = sentence else { return };
    assert!(sentence.contains("secretDigest_1") && sentence.contains("unique"), "{sentence}");
}

#[tokio::test]
async fn an_index_that_was_lost_is_built_again_and_a_validator_put_back() {
    let Some(database) = fresh().await else { return };
    let (store, now, raw) = (database.store(), People::new().now(), database.raw().await);
    store.migrate(now).await.unwrap();
    let users = raw.collection::<Document>("users");
    users.drop_index("email.canonical_1").await.unwrap();
    raw.run_command(doc! { "collMod": "users", "validator": {}, "validationAction": "warn" }).await.unwrap();

    store.migrate(now).await.unwrap();
    assert!(users.list_index_names().await.unwrap().contains(&"email.canonical_1".to_owned()));
    users.insert_one(doc! { "isAdmin": true }).await.unwrap_err();
    database.remove().await;
}

/// A release that was rolled back leaves the validators of the later one alone.
#[tokio::test]
async fn a_later_step_of_the_same_version_is_not_taken_back() {
    let Some(database) = fresh().await else { return };
    let (store, now, raw) = (database.store(), People::new().now(), database.raw().await);
    store.migrate(now).await.unwrap();
    let settings = raw.collection::<Document>("settings");
    settings.update_one(doc! { "_id": "store" }, doc! { "$inc": { "schema.step": 1_i64 } }).await.unwrap();
    raw.run_command(doc! { "collMod": "users", "validator": {} }).await.unwrap();

    store.migrate(now).await.unwrap();
    let users = raw.collection::<Document>("users");
    users.insert_one(doc! { "factors": { "totp": 1 } }).await.unwrap();
    database.remove().await;
}

/// Step 0 had no seeds, no generations and no `kept`; step 1 had no history of passwords.
#[tokio::test]
async fn what_the_release_before_wrote_is_read_or_gone() {
    let Some(database) = fresh().await else { return };
    let (raw, people) = (database.raw().await, People::new());
    let (user, session, now) = before_seeds(&raw, &people).await;

    let store = database.store();
    store.migrate(now).await.unwrap();
    let found = store.user_by_email(&user.attrs().email).await.unwrap();
    assert_eq!(found.as_ref(), Some(&user));
    assert_eq!(store.session(&session.secret_digest).await.unwrap(), None);
    assert_eq!(store.session_by_id(session.id).await.unwrap(), None);
    assert_eq!(store.sessions_of(user.id(), now).await.unwrap(), []);
    assert_eq!(raw.collection::<Document>("sessions").count_documents(doc! {}).await.unwrap(), 0);

    store.add_session(&session).await.unwrap();
    store.replace_user(&user.clone().disable(now)).await.unwrap();
    assert_eq!(
        store.session(&session.secret_digest).await.unwrap(),
        Some((session, user.disable(now).written()))
    );
    let schema = settings(&database).await.unwrap().get_document("schema").unwrap().clone();
    assert_eq!(schema, doc! { "version": 1_i64, "step": 7_i64 });
    database.remove().await;
}

/// A process that died between the new validator and the clearing up left the step where it was.
#[tokio::test]
async fn a_migration_that_was_cut_short_is_finished() {
    let Some(database) = fresh().await else { return };
    let (raw, people) = (database.raw().await, People::new());
    let store = database.store();
    store.migrate(people.now()).await.unwrap();
    raw.collection::<Document>("users").drop().await.unwrap();
    raw.collection::<Document>("settings").delete_many(doc! {}).await.unwrap();
    let (_, session, now) = before_seeds(&raw, &people).await;

    store.migrate(now).await.unwrap();
    assert_eq!(store.session_by_id(session.id).await.unwrap(), None);
    assert_eq!(raw.collection::<Document>("sessions").count_documents(doc! {}).await.unwrap(), 0);
    database.remove().await;
}

/// A user and a session as the release before wrote them, and what they are to this one.
async fn before_seeds(raw: &mongodb::Database, people: &People) -> (User, Session, Timestamp) {
    let (user, now) = (people.user("ada@example.org"), people.now());
    let session = people.session(&user);
    let at = |moment: Timestamp| DateTime::from_millis(moment.as_millisecond());
    let binary = |bytes: &[u8]| Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() };
    let user_id = Uuid::from_bytes(user.id().as_uuid().into_bytes());
    let hash = user.hash().reveal().unwrap();
    let old_user = doc! {
        "_id": user_id, "email": { "original": "ada@example.org", "canonical": "ada@example.org" },
        "password": { "hash": hash, "changedAt": at(now) }, "roles": [], "status": "active", "epoch": 0_i64,
        "revision": 0_i64, "createdAt": at(now), "updatedAt": at(now),
    };
    let old_session = doc! {
        "_id": Uuid::from_bytes(session.id.as_uuid().into_bytes()), "userId": user_id, "epoch": 0_i64,
        "secretDigest": binary(session.secret_digest.as_bytes()), "amr": ["pwd"], "authTime": at(now),
        "ip": "192.0.2.7", "createdAt": at(now), "lastSeenAt": at(now),
        "idleExpiresAt": at(session.idle_expires_at), "expiresAt": at(session.expires_at),
    };
    let schema = doc! { "_id": "store", "schema": { "version": 1_i64, "step": 0_i64 } };
    for (collection, document) in [("users", old_user), ("sessions", old_session), ("settings", schema)] {
        let collection = raw.collection::<Document>(collection);
        collection.insert_one(document).bypass_document_validation(true).await.unwrap();
    }
    let unique = IndexOptions::builder().unique(true).build();
    let index = IndexModel::builder().keys(doc! { "secretDigest": 1 }).options(unique).build();
    raw.collection::<Document>("sessions").create_index(index).await.unwrap();
    (user, session, now)
}

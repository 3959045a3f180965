//! What a store promises about all that it holds: out of it, and into an empty one.

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::{
    domain::{
        one_time::Purpose,
        record::{Kind, Record},
        session::{EndReason, Ended},
        stored_hash::StoredHash,
        user::{Role, User, UserAttrs},
    },
    store::{BATCH, MigrateError, Store, StoreError},
};

use super::{Database, events::event, rotations::rotate, signing_keys::key};
use crate::support::{
    people::{NODE_HASH, People},
    records::exported,
};

/// One of everything, and of what can be left out one with it and one without.
pub(crate) async fn fill(store: &dyn Store, people: &People) {
    let user = people.user("Ada@Example.org");
    store.add_user(&user).await.unwrap();
    let kept = people.session(&user);
    let odd = people.user("grace@example.org").disable(people.now());
    let attrs = UserAttrs {
        email_verified_at: Some(people.now()),
        roles: vec![Role::try_from("admin").unwrap()],
        kept: Some(kept.id),
        ..odd.attrs().clone()
    };
    let foreign = StoredHash::parse(NODE_HASH).unwrap();
    store.add_user(&User::build(attrs).renew_hash(foreign, people.now())).await.unwrap();
    store.add_session(&kept).await.unwrap();
    rotate(store, &kept, people).await;
    let over = people.session(&user);
    store.add_session(&over).await.unwrap();
    let ended = Ended { at: people.now(), reason: EndReason::Revoked };
    store.end_session(over.id, ended).await.unwrap();
    for purpose in Purpose::ALL {
        store.add_one_time(&people.one_time(purpose)).await.unwrap();
    }
    for number in 1..=2 {
        store.add_signing_key(&key(number, people)).await.unwrap();
    }
    store.add_event(&event(&user, people)).await.unwrap();
}

pub(crate) async fn what_is_exported_is_imported_exactly(store: Arc<dyn Store>, people: &People) {
    fill(&*store, people).await;
    store.examine().await.unwrap();
    let held = exported(&*store).await;
    for kind in Kind::ALL {
        assert!(held.iter().any(|record| record.kind() == kind), "{kind:?}");
    }
    let begun = people.now();
    store.begin_import(begun).await.unwrap();
    store.import(held.clone()).await.unwrap();
    store.end_import(begun).await.unwrap();
    assert_eq!(exported(&*store).await, held);
}

pub(crate) async fn an_export_is_in_the_order_of_ids_and_in_batches(store: Arc<dyn Store>, people: &People) {
    let mut users: Vec<_> =
        (0..=BATCH).map(|number| people.user(&format!("ada{number}@example.org"))).collect();
    store.import(users.iter().cloned().map(Record::User).collect()).await.unwrap();
    store.add_signing_key(&key(1, people)).await.unwrap();
    users.sort_by_key(User::id);

    let mut export = store.export().await.unwrap();
    let mut told = Vec::new();
    loop {
        let batch = export.next().await.unwrap();
        assert!(batch.len() <= BATCH);
        if batch.is_empty() {
            break;
        }
        told.extend(batch);
    }
    assert!(matches!(told.pop(), Some(Record::SigningKey(_))));
    assert_eq!(told, users.into_iter().map(Record::User).collect::<Vec<_>>());
    assert_eq!(export.next().await.unwrap(), [], "the end stays the end");
}

pub(crate) async fn an_export_is_of_one_moment(store: Arc<dyn Store>, people: &People) {
    let users = (0..3 * BATCH).map(|number| people.user(&format!("ada{number}@example.org")));
    let users: Vec<User> = users.collect();
    store.import(users.iter().cloned().map(Record::User).collect()).await.unwrap();
    let mut export = store.export().await.unwrap();
    let mut told = export.next().await.unwrap();

    // The database in memory has one thread, which is busy with the export: there nothing can change meanwhile.
    let last = users.iter().max_by_key(|user| user.id()).unwrap();
    let changed = tokio::spawn({
        let (store, session) = (Arc::clone(&store), people.session(last));
        let (last, late) = (last.clone().disable(people.now()), people.user("late@example.org"));
        async move {
            let _ = store.add_session(&session).await;
            let _ = store.replace_user(&last).await;
            let _ = store.add_user(&late).await;
        }
    });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    loop {
        let batch = export.next().await.unwrap();
        if batch.is_empty() {
            break;
        }
        told.extend(batch);
    }
    changed.await.unwrap();
    let mut before: Vec<Record> = users.into_iter().map(Record::User).collect();
    before.sort_by_key(|record| if let Record::User(user) = record { user.id() } else { unreachable!() });
    assert_eq!(told, before);
    assert!(store.user_by_email(&crate::support::people::email("late@example.org")).await.unwrap().is_some());
}

pub(crate) async fn an_export_that_is_dropped_keeps_nobody_waiting(store: Arc<dyn Store>, people: &People) {
    let users = (0..5 * BATCH).map(|number| people.user(&format!("ada{number}@example.org")));
    store.import(users.map(Record::User).collect()).await.unwrap();
    for _ in 0..8 {
        let mut export = store.export().await.unwrap();
        assert_eq!(export.next().await.unwrap().len(), BATCH);
    }
    store.probe(people.now()).await.unwrap();
}

pub(crate) async fn an_import_begins_with_nothing(store: Arc<dyn Store>, people: &People) {
    fill(&*store, people).await;
    store.begin_import(people.now()).await.unwrap();
    assert_eq!(exported(&*store).await, []);
    // Half of one is left behind by a crash, and the next one begins with nothing again.
    store.import(vec![Record::User(people.user("ada@example.org"))]).await.unwrap();
    store.begin_import(people.now()).await.unwrap();
    assert_eq!(exported(&*store).await, []);
}

pub(crate) async fn an_address_is_imported_once(store: Arc<dyn Store>, people: &People) {
    let double = ["ada@example.org", "ADA@example.org"].map(|address| Record::User(people.user(address)));
    let answer = store.import(double.to_vec()).await;
    assert!(matches!(answer, Err(StoreError::Taken)), "{answer:?}");
}

pub(crate) async fn a_store_is_none_to_serve_from_until_the_import_has_ended(
    store: Arc<dyn Store>,
    people: &People,
) {
    let begun = people.now();
    store.begin_import(begun).await.unwrap();
    for _ in 0..2 {
        let migrated = store.migrate(people.now()).await;
        assert!(matches!(migrated, Err(MigrateError::Importing)), "{migrated:?}");
        let examined = store.examine().await;
        assert!(matches!(examined, Err(MigrateError::Importing)), "{examined:?}");
        assert!(store.probe(people.now()).await.is_err());
    }
    // Somebody else begins one as well: whoever was first does not end it.
    let another = begun + SignedDuration::from_secs(1);
    store.begin_import(another).await.unwrap();
    let ended = store.end_import(begun).await;
    assert!(matches!(ended, Err(StoreError::Stale)), "{ended:?}");
    assert!(store.probe(people.now()).await.is_err());
    store.end_import(another).await.unwrap();
    store.migrate(people.now()).await.unwrap();
    store.examine().await.unwrap();
    store.probe(people.now()).await.unwrap();
}

pub(crate) async fn a_store_that_nobody_has_migrated_is_not_read(database: &dyn Database) {
    let (store, people) = (database.open().await, People::new());
    let examined = store.examine().await;
    assert!(matches!(examined, Err(MigrateError::Refused(_))), "{examined:?}");
    store.migrate(people.now()).await.unwrap();
    store.examine().await.unwrap();
    store.close().await;
}

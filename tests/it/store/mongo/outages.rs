//! Outages: a server that is away, dies or falls silent, and what may be said of a call that met it.

use std::{sync::Arc, time::Duration};

use portcullis::{
    store::{DEADLINE, MigrateError, Store, StoreError, mongo::MongoStore},
    system::{clock::Stopwatch, entropy::OsEntropy},
};

use tokio::time::sleep;

use super::{super::contract::Database, fresh};
use crate::support::{mongod::ReplicaSet, people::People};

pub(super) async fn ready(set: &ReplicaSet, people: &People) -> MongoStore {
    let store = MongoStore::open(&set.url("auth"), Arc::new(OsEntropy)).unwrap();
    store.migrate(people.now()).await.unwrap();
    store
}

pub(super) async fn until_it_answers(store: &MongoStore, people: &People) {
    let watch = Stopwatch::start();
    while store.probe(people.now()).await.is_err() {
        assert!(watch.elapsed() < Duration::from_secs(30));
    }
}

#[tokio::test]
async fn where_there_is_no_server_nothing_has_happened_and_it_is_said_in_time() {
    let url = "mongodb://127.0.0.1:9/auth?serverSelectionTimeoutMS=300";
    let store = MongoStore::open(url, Arc::new(OsEntropy)).unwrap();
    let people = People::new();
    let added = store.add_user(&people.user("ada@example.org")).await;
    assert!(matches!(added, Err(StoreError::Unavailable(_))), "{added:?}");
    let migrated = store.migrate(people.now()).await;
    assert!(matches!(migrated, Err(MigrateError::Unavailable(_))), "{migrated:?}");
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_and_the_store_finds_its_server_again() {
    let Some(set) = ReplicaSet::one().await else { return };
    let people = People::new();
    let store = ready(&set, &people).await;
    let (ada, grace) = (people.user("ada@example.org"), people.user("grace@example.org"));
    store.add_user(&ada).await.unwrap();
    set.kill(0);
    let away = store.add_user(&grace).await;
    assert!(matches!(away, Err(StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_))), "{away:?}");
    let away = store.add_user(&grace).await;
    assert!(matches!(away, Err(StoreError::Unavailable(_))), "nothing left for a server by now: {away:?}");

    set.restart(0).await;
    until_it_answers(&store, &people).await;
    assert_eq!(store.user(ada.id()).await.unwrap(), Some(ada));
    assert_eq!(store.user(grace.id()).await.unwrap(), None, "what was called unavailable did not happen");
    store.close().await;
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_within_the_deadline() {
    let Some(set) = ReplicaSet::one().await else { return };
    let people = People::new();
    let store = ready(&set, &people).await;
    let ada = people.user("ada@example.org");
    store.add_user(&ada).await.unwrap();

    set.freeze(0);
    let watch = Stopwatch::start();
    let grace = people.user("grace@example.org");
    let (read, written) = tokio::join!(store.user(ada.id()), store.add_user(&grace));
    let took = watch.elapsed();
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert!(matches!(written, Err(StoreError::OutcomeUnknown(_))), "{written:?}");
    assert!(took < DEADLINE + Duration::from_millis(500), "{took:?}");

    set.thaw(0);
    until_it_answers(&store, &people).await;
    // A call that was given up leaves no connection behind; the driver tells a moment later.
    let watch = Stopwatch::start();
    while store.pool().in_use > 0 {
        assert!(watch.elapsed() < DEADLINE);
        sleep(Duration::from_millis(5)).await;
    }
    store.close().await;
}

#[tokio::test]
async fn a_database_that_came_in_the_place_of_one_that_was_lost_is_not_served_from() {
    let Some(database) = fresh().await else { return };
    let (store, people) = (database.store(), People::new());
    store.migrate(people.now()).await.unwrap();
    store.probe(people.now()).await.unwrap();
    Database::remove(&database).await;
    let probed = store.probe(people.now()).await;
    assert!(matches!(probed, Err(StoreError::Unavailable(_))), "{probed:?}");
    store.migrate(people.now()).await.unwrap();
    store.probe(people.now()).await.unwrap();
    Database::remove(&database).await;
}

#[tokio::test]
async fn what_was_acknowledged_outlives_the_primary() {
    let Some(set) = ReplicaSet::three(Duration::from_secs(1)).await else { return };
    let people = People::new();
    let store = ready(&set, &people).await;
    let ada = people.user("ada@example.org");
    store.add_user(&ada).await.unwrap();

    let primary = set.primary().await.unwrap();
    set.kill(primary);
    until_it_answers(&store, &people).await;
    assert_ne!(set.primary().await, Some(primary));
    assert_eq!(store.user(ada.id()).await.unwrap(), Some(ada));
    store.add_user(&people.user("grace@example.org")).await.unwrap();
    store.close().await;
}

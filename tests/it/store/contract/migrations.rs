//! What a store promises about its own schema, and about being looked after.

use std::sync::Arc;

use portcullis::store::{MigrateError, Store};

use super::{
    Database,
    races::race,
    sessions::{assert_stored, signed_in},
};
use crate::support::people::People;

pub(crate) async fn migrating_again_changes_nothing(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    store.migrate(people.now()).await.unwrap();
    assert_stored(&*store, &session, &user).await;
}

pub(crate) async fn eight_who_migrate_a_fresh_database_all_succeed(database: &dyn Database) {
    let people = People::new();
    let now = people.now();
    let mut stores = Vec::new();
    for _ in 0..8 {
        stores.push(database.open().await);
    }
    let answers = race(stores.clone(), |store| async move { store.migrate(now).await }).await;
    for answer in answers {
        answer.unwrap();
    }

    // One schema: what one of them writes, every other reads.
    let (user, session) = signed_in(&*stores[0], &people).await;
    for store in &stores {
        assert_stored(&**store, &session, &user).await;
    }
    for store in stores {
        store.close().await;
    }
}

pub(crate) async fn a_schema_from_the_future_is_refused_in_a_sentence(database: &dyn Database) {
    let people = People::new();
    let store = database.open().await;
    store.migrate(people.now()).await.unwrap();
    if !database.set_schema_version(4_711).await {
        return;
    }
    let next = database.open().await;
    let refused = next.migrate(people.now()).await;
    let Err(MigrateError::Refused(sentence)) = refused else { panic!("{refused:?}") };
    assert!(sentence.contains("4711"), "{sentence}");
    store.close().await;
    next.close().await;
}

pub(crate) async fn looking_changes_nothing(database: &dyn Database) {
    let (store, people) = (database.open().await, People::new());
    for _ in 0..2 {
        let refused = store.examine().await;
        assert!(
            matches!(&refused, Err(MigrateError::Refused(why)) if why.contains("or none")),
            "{refused:?}"
        );
    }
    store.migrate(people.now()).await.unwrap();
    store.examine().await.unwrap();
    if let Some(time) = store.time().await.unwrap() {
        let off = time.duration_since(jiff::Timestamp::now()).abs();
        assert!(off < jiff::SignedDuration::from_secs(5), "it is on this machine, and says {time}");
    }
    if database.set_schema_version(99).await {
        assert!(matches!(store.examine().await, Err(MigrateError::Refused(_))));
    }
    store.close().await;
}

pub(crate) async fn a_probe_reads_and_writes(store: Arc<dyn Store>, people: &People) {
    store.probe(people.now()).await.unwrap();
    store.probe(people.now()).await.unwrap();
}

pub(crate) async fn a_pool_is_never_busier_than_it_is_large(store: Arc<dyn Store>, people: &People) {
    let (_, session) = signed_in(&*store, people).await;
    let pools = race(0..50, |_| {
        let store = Arc::clone(&store);
        async move {
            store.session(&session.secret_digest).await.unwrap();
            store.pool()
        }
    })
    .await;
    for pool in pools {
        assert!(pool.in_use <= pool.size && pool.size > 0, "{pool:?}");
    }
}

pub(crate) async fn closing_twice_is_harmless(database: &dyn Database) {
    let people = People::new();
    let store = database.open().await;
    store.migrate(people.now()).await.unwrap();
    store.close().await;
    store.close().await;
    assert!(store.probe(people.now()).await.is_err(), "a closed store takes nothing");
}

//! Changes: the feed goes on where it was whatever happens to its cursor, or says that everything may have changed.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use portcullis::{
    domain::session::Session,
    store::{Change, Changes, DEADLINE, Store, StoreError},
    system::clock::Stopwatch,
};

use super::{
    Database, MongoDatabase,
    classification::Scene,
    fresh,
    outages::{ready, until_it_answers},
};
use crate::{
    store::contract::{
        changes::{listening, until_told},
        rotations::rotate,
        sessions::{seen, signed_in, signed_out},
    },
    support::{mongod::ReplicaSet, patience::until, people::People},
};

/// Asks again after an error, as whoever listens does.
async fn until_told_after_all(changes: &mut dyn Changes) -> Vec<Change> {
    let watch = Stopwatch::start();
    loop {
        match changes.next().await {
            Ok(told) if !told.is_empty() => return told,
            _ => assert!(watch.elapsed() < Duration::from_secs(30), "nothing was told"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Scene {
    async fn session(&self) -> Session {
        let session = self.people.session(&self.ada);
        self.store.add_session(&session).await.unwrap();
        session
    }

    /// Asks once while the server answers so.
    async fn asked_while(&self, changes: &mut dyn Changes, how: Document) -> Result<Vec<Change>, StoreError> {
        self.failing("getMore", "$cmd.aggregate", 1, how, changes.next()).await
    }
}

#[tokio::test]
async fn a_store_that_is_not_there_yet_has_no_changes() {
    let Some(database) = fresh().await else { return };
    let (store, people) = (database.store(), People::new());
    let mut changes = store.changes();
    let told = changes.next().await;
    assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    store.migrate(people.now()).await.unwrap();
    assert_eq!(changes.next().await.unwrap(), [Change::Everything]);
    database.remove().await;
}

#[tokio::test]
async fn what_others_see_and_add_is_not_told() {
    let Some(scene) = Scene::set().await else { return };
    let there = scene.database.store();
    there.migrate(scene.people.now()).await.unwrap();
    let mut changes = listening(&*scene.store).await;
    let (_, session) = {
        let grace = scene.people.user("grace@example.org");
        there.add_user(&grace).await.unwrap();
        let session = scene.people.session(&grace);
        there.add_session(&session).await.unwrap();
        (grace, session)
    };
    there.see_session(session.id, seen(&scene.people, 24)).await.unwrap();
    there.see_session(session.id, seen(&scene.people, 15 * 24)).await.unwrap();
    there.probe(scene.people.now()).await.unwrap();
    assert_eq!(changes.next().await.unwrap(), []);
    there.end_session(session.id, signed_out(&scene.people)).await.unwrap();
    assert_eq!(until_told(&mut *changes).await, [Change::Session(session.id)]);
    scene.database.remove().await;
}

/// As a shell or a tool would: none of our own calls deletes or replaces one.
#[tokio::test]
async fn what_is_changed_past_the_store_is_told() {
    let Some(scene) = Scene::set().await else { return };
    let (session, raw) = (scene.session().await, scene.database.raw().await);
    let mut changes = listening(&*scene.store).await;
    let sessions = raw.collection::<Document>("sessions");
    let stored = sessions.find_one(doc! {}).await.unwrap().unwrap();
    let told = [Change::Session(session.id)];

    sessions.update_one(doc! {}, doc! { "$set": { "amr": ["hwk"] } }).await.unwrap();
    assert_eq!(until_told(&mut *changes).await, told);
    sessions.update_one(doc! {}, doc! { "$unset": { "userAgent": "" } }).await.unwrap();
    assert_eq!(until_told(&mut *changes).await, told);
    sessions.replace_one(doc! {}, stored).await.unwrap();
    assert_eq!(until_told(&mut *changes).await, told);
    sessions.delete_one(doc! {}).await.unwrap();
    assert_eq!(until_told(&mut *changes).await, told);
    raw.collection::<Document>("users").delete_one(doc! {}).await.unwrap();
    assert_eq!(until_told(&mut *changes).await, [Change::User(scene.ada.id())]);
    sessions.drop().await.unwrap();
    assert_eq!(until_told(&mut *changes).await, [Change::Everything]);
    scene.database.remove().await;
}

#[tokio::test]
async fn a_cursor_that_was_killed_is_gone_on_with() {
    let Some(scene) = Scene::set().await else { return };
    let (session, mut changes) = (scene.session().await, listening(&*scene.store).await);
    kill_cursors(&scene.database).await;
    rotate(&*scene.store, &session, &scene.people).await;
    assert_eq!(until_told_after_all(&mut *changes).await, [Change::Session(session.id)]);
    scene.database.remove().await;
}

#[tokio::test]
async fn what_may_pass_loses_nothing() {
    let Some(scene) = Scene::set().await else { return };
    let mut changes = listening(&*scene.store).await;
    for how in [
        doc! { "closeConnection": true },
        doc! { "errorCode": 43 },
        doc! { "errorCode": 11602, "errorLabels": ["ResumableChangeStreamError"] },
        doc! { "errorCode": 10107, "errorLabels": ["ResumableChangeStreamError"] },
    ] {
        let session = scene.session().await;
        rotate(&*scene.store, &session, &scene.people).await;
        let told = scene.asked_while(&mut *changes, how.clone()).await;
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{how}: {told:?}");
        let told = changes.next().await.unwrap();
        // What was told shortly before is told again.
        assert_eq!(told.last(), Some(&Change::Session(session.id)), "{how}");
        assert!(!told.contains(&Change::Everything), "{how}");
    }
    scene.database.remove().await;
}

#[tokio::test]
async fn after_a_gap_everything_may_have_changed() {
    let Some(scene) = Scene::set().await else { return };
    let mut changes = listening(&*scene.store).await;
    for code in [286, 280, 260, 4_711] {
        let told = scene.asked_while(&mut *changes, doc! { "errorCode": code }).await;
        assert!(told.is_err(), "{code}: {told:?}");
        assert_eq!(changes.next().await.unwrap(), [Change::Everything], "{code}");
        let session = scene.session().await;
        rotate(&*scene.store, &session, &scene.people).await;
        assert_eq!(until_told(&mut *changes).await, [Change::Session(session.id)]);
    }
    scene.database.remove().await;
}

#[tokio::test]
async fn a_database_that_was_dropped_is_told_and_listened_to_again() {
    let Some(scene) = Scene::set().await else { return };
    let mut changes = listening(&*scene.store).await;
    scene.database.raw().await.drop().await.unwrap();
    assert!(until_told(&mut *changes).await.iter().all(|&change| change == Change::Everything));
    scene.store.migrate(scene.people.now()).await.unwrap();
    let (_, session) = signed_in(&*scene.store, &scene.people).await;
    until("all of it is told", async || !changes.next().await.unwrap().contains(&Change::Everything)).await;
    rotate(&*scene.store, &session, &scene.people).await;
    assert_eq!(until_told(&mut *changes).await, [Change::Session(session.id)]);
    scene.database.remove().await;
}

#[tokio::test]
async fn a_primary_that_steps_down_and_one_that_falls_silent_are_outlived() {
    let Some(set) = ReplicaSet::one().await else { return };
    let people = People::new();
    let store = ready(&set, &people).await;
    let (_, session) = signed_in(&store, &people).await;
    let mut changes = listening(&store).await;

    let step_down = doc! { "replSetStepDown": 1, "force": true };
    set.client().await.database("admin").run_command(step_down).await.unwrap();
    until_it_answers(&store, &people).await;
    let session = rotate(&store, &session, &people).await;
    let told = until_told_after_all(&mut *changes).await;
    assert!(told == [Change::Session(session.id)] || told == [Change::Everything], "{told:?}");

    set.freeze(0);
    let watch = Stopwatch::start();
    let silent = changes.next().await;
    assert!(matches!(silent, Err(StoreError::Unavailable(_))), "{silent:?}");
    assert!(watch.elapsed() < DEADLINE + Duration::from_millis(500), "{:?}", watch.elapsed());
    set.thaw(0);
    until_it_answers(&store, &people).await;
    rotate(&store, &session, &people).await;
    let told = until_told_after_all(&mut *changes).await;
    assert!(told.contains(&Change::Session(session.id)), "{told:?}");
    store.close().await;
}

/// All that are open on this database: there is the feed's, between two questions.
async fn kill_cursors(database: &MongoDatabase) {
    let (client, name) = (database.client().await, &database.name);
    let open = doc! {
        "aggregate": 1,
        "pipeline": [
            { "$currentOp": { "allUsers": true, "idleCursors": true } },
            { "$match": { "type": "idleCursor", "ns": format!("{name}.$cmd.aggregate") } },
        ],
        "cursor": {},
    };
    let open = client.database("admin").run_command(open).await.unwrap();
    let open = open.get_document("cursor").unwrap().get_array("firstBatch").unwrap().clone();
    assert_eq!(open.len(), 1, "{open:?}");
    for operation in open {
        let cursor =
            operation.as_document().unwrap().get_document("cursor").unwrap().get_i64("cursorId").unwrap();
        let kill = doc! { "killCursors": "$cmd.aggregate", "cursors": [cursor] };
        let killed = client.database(name).run_command(kill).await.unwrap();
        assert_eq!(killed.get_array("cursorsKilled").unwrap().len(), 1, "{killed}");
    }
}

//! Classification: what a server's every way to fail means, shown with its own fail points.

use std::sync::Arc;

use mongodb::{
    Client,
    bson::{Document, doc},
};
use portcullis::{
    domain::user::User,
    store::{Store, StoreError},
};
use tokio::sync::Mutex;

use super::{Database, MongoDatabase, fresh};
use crate::support::people::People;

/// There is one fail point for commands in a server, and the server is shared.
static FAIL_POINT: Mutex<()> = Mutex::const_new(());

pub(super) struct Scene {
    pub(super) database: MongoDatabase,
    pub(super) store: Arc<dyn Store>,
    pub(super) people: People,
    pub(super) ada: User,
}

impl Scene {
    /// A ready store that has Ada in it.
    pub(super) async fn set() -> Option<Self> {
        let database = fresh().await?;
        let (store, people) = (database.open().await, People::new());
        store.migrate(people.now()).await.unwrap();
        let ada = people.user("ada@example.org");
        store.add_user(&ada).await.unwrap();
        Some(Self { database, store, people, ada })
    }

    /// Makes `command` on `collection` fail `times` times by `how` while `call` runs.
    pub(super) async fn failing<T>(
        &self,
        command: &str,
        collection: &str,
        times: i32,
        how: Document,
        call: impl Future<Output = T>,
    ) -> T {
        let _alone = FAIL_POINT.lock().await;
        let client = self.database.client().await;
        let mut data = doc! {
            "failCommands": [command],
            "namespace": format!("{}.{collection}", self.database.name),
        };
        data.extend(how);
        fail_point(&client, doc! { "mode": { "times": times }, "data": data }).await;
        let answer = call.await;
        fail_point(&client, doc! { "mode": "off" }).await;
        answer
    }

    /// Adds Grace while inserts fail by `how`.
    async fn add_grace(&self, times: i32, how: Document) -> (Result<(), StoreError>, bool) {
        let grace = self.people.user("grace@example.org");
        let answer = self.failing("insert", "users", times, how, self.store.add_user(&grace)).await;
        (answer, self.store.user(grace.id()).await.unwrap().is_some())
    }
}

async fn fail_point(client: &Client, rest: Document) {
    let mut command = doc! { "configureFailPoint": "failCommand" };
    command.extend(rest);
    client.database("admin").run_command(command).await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_is_made_up_for_by_the_same_write() {
    let Some(scene) = Scene::set().await else { return };
    let (answer, there) = scene.add_grace(1, doc! { "closeConnection": true }).await;
    assert!(answer.is_ok() && there, "{answer:?}");
    scene.database.remove().await;
}

#[tokio::test]
async fn a_connection_that_ends_after_the_write_was_sent_leaves_the_outcome_unknown() {
    let Some(scene) = Scene::set().await else { return };
    let (answer, _) = scene.add_grace(2, doc! { "closeConnection": true }).await;
    assert!(matches!(answer, Err(StoreError::OutcomeUnknown(_))), "{answer:?}");
    scene.database.remove().await;
}

#[tokio::test]
async fn a_write_that_no_majority_confirmed_leaves_the_outcome_unknown() {
    let Some(scene) = Scene::set().await else { return };
    let late =
        doc! { "writeConcernError": { "code": 64, "codeName": "WriteConcernFailed", "errmsg": "waiting" } };
    let (answer, _) = scene.add_grace(1, late.clone()).await;
    assert!(matches!(answer, Err(StoreError::OutcomeUnknown(_))), "{answer:?}");
    // It did happen, which is why nobody may say that it did not; only a majority does not have it yet.
    let again = scene.store.add_user(&scene.people.user("grace@example.org")).await;
    assert!(matches!(again, Err(StoreError::Taken)), "{again:?}");

    let replaced = scene.failing("update", "users", 1, late, scene.store.replace_user(&scene.ada)).await;
    assert!(matches!(replaced, Err(StoreError::OutcomeUnknown(_))), "{replaced:?}");
    scene.database.remove().await;
}

#[tokio::test]
async fn a_write_interrupted_by_a_change_of_state_leaves_the_outcome_unknown() {
    let Some(scene) = Scene::set().await else { return };
    for code in [11600, 11602, 189, 91, 50, 262] {
        let (answer, _) = scene.add_grace(2, doc! { "errorCode": code }).await;
        assert!(matches!(answer, Err(StoreError::OutcomeUnknown(_))), "{code}: {answer:?}");
    }
    scene.database.remove().await;
}

#[tokio::test]
async fn a_server_that_refused_at_once_wrote_nothing() {
    let Some(scene) = Scene::set().await else { return };
    for code in [10107, 13435, 13] {
        let refused = doc! { "errorCode": code, "errorLabels": [] };
        let (answer, there) = scene.add_grace(1, refused).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{code}: {answer:?}");
        assert!(!there);
    }
    scene.database.remove().await;
}

/// The refusal is the repeat's; nobody knows what became of the first try.
#[tokio::test]
async fn a_refusal_of_the_repeat_says_nothing_of_the_first_try() {
    let Some(scene) = Scene::set().await else { return };
    let refused = doc! { "errorCode": 10107, "errorLabels": ["RetryableWriteError"] };
    let (answer, _) = scene.add_grace(2, refused).await;
    assert!(matches!(answer, Err(StoreError::OutcomeUnknown(_))), "{answer:?}");
    scene.database.remove().await;
}

#[tokio::test]
async fn a_server_that_says_it_wrote_nothing_is_believed() {
    let Some(scene) = Scene::set().await else { return };
    let said = doc! { "errorCode": 189, "errorLabels": ["RetryableWriteError", "NoWritesPerformed"] };
    let (answer, there) = scene.add_grace(2, said).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(!there);
    scene.database.remove().await;
}

#[tokio::test]
async fn a_read_that_fails_is_unavailable_whatever_the_reason() {
    let Some(scene) = Scene::set().await else { return };
    for how in [doc! { "closeConnection": true }, doc! { "errorCode": 11602 }, doc! { "errorCode": 96 }] {
        let read = scene.store.user(scene.ada.id());
        let answer = scene.failing("find", "users", 2, how.clone(), read).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{how}: {answer:?}");
    }
    scene.database.remove().await;
}

#[tokio::test]
async fn a_duplicate_is_taken_also_behind_a_lost_answer() {
    let Some(scene) = Scene::set().await else { return };
    let twin = scene.people.user("ADA@example.org");
    let lost = doc! { "closeConnection": true };
    let answer = scene.failing("insert", "users", 1, lost, scene.store.add_user(&twin)).await;
    assert!(matches!(answer, Err(StoreError::Taken)), "{answer:?}");
    scene.database.remove().await;
}

/// The server's own words quote the document: the log must not.
#[tokio::test]
async fn no_failure_quotes_a_document() {
    let Some(scene) = Scene::set().await else { return };
    let raw = scene.database.raw().await;
    let never = doc! { "collMod": "users", "validator": { "never": true } };
    raw.run_command(never).await.unwrap();
    let (answer, _) = scene.add_grace(0, doc! {}).await;
    let Err(StoreError::Broken(cause)) = answer else { panic!("{answer:?}") };
    let told = format!("{cause} {cause:?}");
    assert!(told.contains("121") && !told.contains("grace") && !told.contains("scrypt"), "{told}");
    scene.database.remove().await;
}

//! The SQLite store: the contract in a file and in memory, and what a file promises besides.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use async_trait::async_trait;
use jiff::SignedDuration;
use portcullis::{
    domain::one_time::Purpose,
    store::{
        MigrateError, Store, StoreError,
        sqlite::{Location, SqliteStore},
    },
    system::clock::Stopwatch,
};
use rusqlite::Connection;

use super::contract::{
    self, Database, contract,
    races::race,
    sessions::{assert_stored, signed_in, signed_out},
};
use crate::support::{folder::Folder, people::People};

mod migrations;

contract!(in_a_file, fresh_file);
contract!(in_memory, fresh_memory);

struct InAFile(Folder);

struct InMemory(Arc<dyn Store>);

#[async_trait]
impl Database for InAFile {
    async fn open(&self) -> Arc<dyn Store> {
        open(&self.0.file("portcullis.db"))
    }

    async fn set_schema_version(&self, version: u32) -> bool {
        let raw = Connection::open(self.0.file("portcullis.db")).unwrap();
        raw.execute("UPDATE settings SET schema_version = ?1", [version]).unwrap() == 1
    }
}

#[async_trait]
impl Database for InMemory {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0)
    }

    async fn set_schema_version(&self, _: u32) -> bool {
        false
    }
}

async fn fresh_file() -> Option<InAFile> {
    Some(InAFile(Folder::new()))
}

async fn fresh_memory() -> Option<InMemory> {
    Some(InMemory(Arc::new(SqliteStore::open(Location::Memory).unwrap())))
}

fn open(path: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(Location::File(path.to_owned())).unwrap())
}

async fn migrated(path: &Path, people: &People) -> Arc<dyn Store> {
    let store = open(path);
    store.migrate(people.now()).await.unwrap();
    store
}

#[tokio::test]
async fn what_has_expired_goes_and_nothing_else() {
    contract::with_store(fresh_file().await, contract::purge::what_has_expired_goes_and_nothing_else).await;
}

#[tokio::test]
async fn a_purge_of_more_than_one_portion_removes_all() {
    contract::with_store(fresh_memory().await, async |store: Arc<dyn Store>, people: &People| {
        for _ in 0..1_200 {
            store.add_one_time(&people.one_time(Purpose::SecondFactor)).await.unwrap();
        }
        let later = people.now() + SignedDuration::from_hours(1);
        assert_eq!(store.purge(later).await.unwrap(), 1_200);
    })
    .await;
}

#[tokio::test]
async fn what_was_written_is_there_after_opening_it_again() {
    let (folder, people) = (Folder::new(), People::new());
    let path = folder.file("portcullis.db");
    let store = migrated(&path, &people).await;
    let (user, mut session) = signed_in(&*store, &people).await;
    session.ended = Some(signed_out(&people));
    store.end_session(session.id, signed_out(&people)).await.unwrap();
    store.close().await;
    assert!(!folder.file("portcullis.db-wal").exists(), "closing leaves one file");

    let store = migrated(&path, &people).await;
    assert_stored(&*store, &session, &user).await;
    store.close().await;
}

#[tokio::test]
async fn the_file_and_its_folder_are_their_owner_s_alone() {
    let (folder, people) = (Folder::new(), People::new());
    let path = folder.file("data/inner/portcullis.db");
    let store = migrated(&path, &people).await;
    signed_in(&*store, &people).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(path.parent().unwrap().parent().unwrap()), 0o700);
    for name in ["portcullis.db", "portcullis.db-wal", "portcullis.db-shm"] {
        assert_eq!(mode(&path.with_file_name(name)), 0o600, "{name}");
    }
    store.close().await;
}

#[tokio::test]
async fn what_is_no_database_of_ours_is_refused_in_a_sentence_and_left_alone() {
    let folder = Folder::new();
    let text = folder.file("notes.txt");
    fs::write(&text, "No database, but longer than the header of one. ".repeat(50)).unwrap();
    refuses(&text, "is not a SQLite database").await;

    let other = folder.file("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE tickets (id INTEGER)").unwrap();
    refuses(&other, "is a SQLite database of something else").await;
}

#[tokio::test]
async fn a_damaged_file_is_refused_in_a_sentence() {
    let (folder, people) = (Folder::new(), People::new());
    let path = folder.file("portcullis.db");
    let store = migrated(&path, &people).await;
    signed_in(&*store, &people).await;
    store.close().await;

    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&path, &bytes).unwrap();
    refuses(&path, "is damaged").await;

    bytes[100..].fill(0x5a);
    fs::write(&path, &bytes).unwrap();
    refuses(&path, "is damaged").await;
}

#[tokio::test]
async fn a_folder_in_place_of_the_file_is_refused_in_a_sentence() {
    let folder = Folder::new();
    fs::create_dir(folder.file("inner")).unwrap();
    refuses(&folder.file("inner"), "cannot be opened").await;
}

async fn refuses(path: &Path, because: &str) {
    let before = fs::read(path).ok();
    let store = open(path);
    let refused = store.migrate(People::new().now()).await;
    let Err(MigrateError::Refused(sentence)) = refused else { panic!("{because}: {refused:?}") };
    assert!(sentence.contains(because) && sentence.contains(path.to_str().unwrap()), "{sentence}");
    store.close().await;
    assert!(fs::read(path).ok() == before, "{sentence}: but it was touched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_may_share_one_file() {
    let (folder, people) = (Folder::new(), People::new());
    let path = folder.file("portcullis.db");
    let stores = [migrated(&path, &people).await, migrated(&path, &people).await];
    let users: Vec<_> = (0..40).map(|n| people.user(&format!("ada{n}@example.org"))).collect();
    let racers = users.iter().cloned().enumerate();
    let answers = race(racers, |(n, user)| {
        let store = Arc::clone(&stores[n % 2]);
        async move { store.add_user(&user).await }
    });
    assert!(answers.await.iter().all(Result::is_ok));
    for user in &users {
        for store in &stores {
            assert_eq!(store.user(user.id()).await.unwrap().as_ref(), Some(user));
        }
    }
    for store in stores {
        store.close().await;
    }
}

#[tokio::test]
async fn a_file_that_somebody_else_holds_is_unavailable_for_writing_and_nothing_happens() {
    let (folder, people) = (Folder::new(), People::new());
    let path = folder.file("portcullis.db");
    let store = migrated(&path, &people).await;
    let (user, session) = signed_in(&*store, &people).await;

    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.end_session(session.id, signed_out(&people)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_stored(&*store, &session, &user).await;

    other.execute_batch("ROLLBACK").unwrap();
    assert!(store.end_session(session.id, signed_out(&people)).await.unwrap());
    store.close().await;
}

#[tokio::test]
async fn a_row_that_cannot_be_is_broken_and_not_guessed_at() {
    for change in [
        "UPDATE users SET email_original = 'nobody'",
        "UPDATE users SET email_original = 'eve@example.org'",
        "UPDATE users SET password_hash = 'plain'",
        "UPDATE users SET roles = '[\"No Role\"]'",
        "UPDATE users SET roles = '[1]'",
        "UPDATE users SET created_at = 9223372036854775807",
        "UPDATE sessions SET amr = '[1]'",
        "UPDATE sessions SET ip = 'localhost'",
        "UPDATE sessions SET ended_at = 9223372036854775807, end_reason = 'signed_out'",
    ] {
        let (folder, people) = (Folder::new(), People::new());
        let path = folder.file("portcullis.db");
        let store = migrated(&path, &people).await;
        let (_, session) = signed_in(&*store, &people).await;
        Connection::open(&path).unwrap().execute_batch(change).unwrap();
        let found = store.session(&session.secret_digest).await;
        assert!(matches!(found, Err(StoreError::Broken(_))), "{change}: {found:?}");
        store.close().await;
    }
}

#[tokio::test]
async fn what_a_later_release_says_of_a_session_is_read() {
    let (folder, people) = (Folder::new(), People::new());
    let path = folder.file("portcullis.db");
    let store = migrated(&path, &people).await;
    let (user, session) = signed_in(&*store, &people).await;
    let raw = Connection::open(&path).unwrap();

    raw.execute_batch("UPDATE sessions SET amr = '[\"hwk\", \"pwd\"]'").unwrap();
    assert_stored(&*store, &session, &user).await;

    raw.execute_batch("UPDATE sessions SET ended_at = 1, end_reason = 'whim'").unwrap();
    let (ended, user) = store.session(&session.secret_digest).await.unwrap().unwrap();
    assert_eq!(ended.ended.unwrap().at.as_millisecond(), 1);
    assert!(!ended.holds(&user, people.now()));
    store.close().await;
}

#[tokio::test]
async fn opening_and_migrating_is_quick() {
    let (folder, people) = (Folder::new(), People::new());
    for round in ["a fresh file", "a file that was there"] {
        let stopwatch = Stopwatch::start();
        let store = migrated(&folder.file("portcullis.db"), &people).await;
        let took = stopwatch.elapsed();
        store.close().await;
        // Ten times what it takes, and more: other tests are at work on the same disk.
        assert!(took.as_millis() < 1_000, "{round}: {took:?}");
        println!("{round}: {took:?}");
    }
}

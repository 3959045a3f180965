//! Events that wait for their place: whoever is at the store and has no key secret gets none sealed that they wrote.

use std::sync::Arc;

use mongodb::bson::{Binary, Bson, Document, Uuid, doc, spec::BinarySubtype};
use portcullis::{
    domain::{
        clock::Clock,
        event::{Actor, Event, EventKind, Happening},
        id::EventId,
        sealed::KeySecrets,
    },
    store::{
        Store,
        mongo::MongoStore,
        sqlite::{Location, SqliteStore},
    },
    system::{entropy::OsEntropy, vault::Vault},
};
use reqwest::Client;
use rusqlite::Connection;

use super::chain::{eight_events, verdict};
use crate::support::{
    browser::Browser,
    clock::FrozenClock,
    folder::Folder,
    mongod,
    patience::until,
    service::{KEY_SECRET, Service},
};

/// What somebody does who is at the store, what `verify` tells once the service has run again, and where the chain ends then.
const DEEDS: [(Deed, &str, u64); 8] = [
    (Deed::PutInUnsealed, "forged", 9),
    (Deed::PutInAsOfTheReleaseBefore, "forged", 9),
    (Deed::UnsealAndEdit, "forged, forged", 7),
    (Deed::UnsealAndTakeOut, "forged", 7),
    (Deed::EditWhatWaits, "forged", 9),
    (Deed::EditWhereWhatWaitsCameFrom, "forged", 9),
    (Deed::PutADetailToWhatWaits, "forged", 9),
    (Deed::PutWhatIsNoDetailToWhatWaits, "forged", 9),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    PutInUnsealed,
    PutInAsOfTheReleaseBefore,
    /// The last two.
    UnsealAndEdit,
    /// Of the last two the first.
    UnsealAndTakeOut,
    EditWhatWaits,
    EditWhereWhatWaitsCameFrom,
    PutADetailToWhatWaits,
    PutWhatIsNoDetailToWhatWaits,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_nobody_of_ours_wrote_is_never_sealed_in_sqlite() {
    let folder = Folder::new();
    let file = folder.file("portcullis.db");
    let open = || -> Arc<dyn Store> { Arc::new(SqliteStore::open(Location::File(file.clone())).unwrap()) };
    let (clock, _) = eight_events(open()).await;
    let raw = Connection::open(&file).unwrap();
    raw.execute_batch("CREATE TABLE kept AS SELECT * FROM events").unwrap();
    for (deed, told, end) in DEEDS {
        open().add_event(&waiting(&clock)).await.unwrap();
        in_sqlite(&raw, deed);
        let (said, position) = once_the_service_has_run(open(), &clock).await;
        assert_eq!((said.as_str(), position), (told, end), "{deed:?}");
        raw.execute_batch("DELETE FROM events; INSERT INTO events SELECT * FROM kept").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_nobody_of_ours_wrote_is_never_sealed_in_mongodb() {
    let Some(set) = mongod::shared().await else { return };
    let name = mongod::database_name();
    let url = set.url(&name);
    let open = || -> Arc<dyn Store> { Arc::new(MongoStore::open(&url, Arc::new(OsEntropy)).unwrap()) };
    let (clock, _) = eight_events(open()).await;
    let raw = set.client().await.database(&name).collection::<Document>("events");
    let kept: Vec<Document> =
        futures_util::TryStreamExt::try_collect(raw.find(doc! {}).await.unwrap()).await.unwrap();
    for (deed, told, end) in DEEDS {
        let store = open();
        store.migrate(clock.now()).await.unwrap();
        store.add_event(&waiting(&clock)).await.unwrap();
        in_mongodb(&raw, deed).await;
        let (said, position) = once_the_service_has_run(open(), &clock).await;
        assert_eq!((said.as_str(), position), (told, end), "{deed:?}");
        raw.delete_many(doc! {}).await.unwrap();
        raw.insert_many(&kept).await.unwrap();
    }
}

/// One of ours, which nobody has sealed yet.
fn waiting(clock: &FrozenClock) -> Event {
    let vault = Vault::new(&KeySecrets::parse(KEY_SECRET).unwrap()).unwrap();
    let id = EventId::new(clock.now(), &OsEntropy).unwrap();
    let rotated = Happening::by(Actor::Service, EventKind::SigningKeyRotated);
    Event::of(rotated, id, [7; 16], clock.now()).stamped(|said| vault.stamp(said))
}

/// Until one more was sealed than waits there; what is wrong then, and where the chain ends.
async fn once_the_service_has_run(store: Arc<dyn Store>, clock: &FrozenClock) -> (String, u64) {
    let mut service = Service::at(Arc::clone(&store), &[], clock.clone()).await;
    let before = store.head().await.unwrap();
    Browser::at(&service).sign_in("ada@example.org", "wrong").await;
    until("what is ours is sealed", async || store.head().await.unwrap() != before).await;
    let metrics = Client::new().get(format!("http://{}/metrics", service.internal)).send().await.unwrap();
    assert!(metrics.text().await.unwrap().contains("portcullis_events_broken 1\n"), "it says so itself");
    let (said, head) = (verdict(&*store, clock, None).await, store.head().await.unwrap().unwrap());
    tokio::task::spawn_blocking(move || service.stop()).await.unwrap();
    let codes: Vec<_> = said.split(", ").map(|said| said.split(' ').next().unwrap()).collect();
    (codes.join(", "), head.position)
}

fn in_sqlite(raw: &Connection, deed: Deed) {
    let unseal =
        "position = NULL, previous = NULL, previous_expires_at = NULL, expires_at = NULL, digest = NULL";
    let put_in = |more: &str| {
        format!(
            "INSERT INTO events SELECT randomblob(16), kind, reason, actor, user_id, request, trace, salt, session_id, subject, \
             user_agent, ip, commitment, at, NULL, NULL, NULL, NULL, NULL, stamp, detail FROM events WHERE position = 3; {more}; {THE_WAITING_GOES}"
        )
    };
    let done = match deed {
        Deed::PutInUnsealed => put_in("SELECT 1"),
        Deed::PutInAsOfTheReleaseBefore => {
            put_in("UPDATE events SET salt = NULL, commitment = NULL WHERE position IS NULL")
        }
        Deed::UnsealAndEdit => {
            format!("{THE_WAITING_GOES}; UPDATE events SET reason = 'disabled', {unseal} WHERE position > 6")
        }
        Deed::UnsealAndTakeOut => format!(
            "{THE_WAITING_GOES}; DELETE FROM events WHERE position = 7; UPDATE events SET {unseal} WHERE position > 6"
        ),
        Deed::EditWhatWaits => "UPDATE events SET kind = 'signed_in' WHERE position IS NULL".to_owned(),
        Deed::EditWhereWhatWaitsCameFrom => {
            "UPDATE events SET ip = '192.0.2.99' WHERE position IS NULL".to_owned()
        }
        Deed::PutADetailToWhatWaits => {
            "UPDATE events SET detail = 'a pretext' WHERE position IS NULL".to_owned()
        }
        Deed::PutWhatIsNoDetailToWhatWaits => {
            "UPDATE events SET detail = CAST(x'1bff63' AS TEXT) WHERE position IS NULL".to_owned()
        }
    };
    raw.execute_batch(&done).unwrap();
}

const THE_WAITING_GOES: &str = "DELETE FROM events WHERE position IS NULL AND stamp IS NOT NULL";

/// Of what waits, which is there for them.
const EDITS: [Deed; 4] = [
    Deed::EditWhatWaits,
    Deed::EditWhereWhatWaitsCameFrom,
    Deed::PutADetailToWhatWaits,
    Deed::PutWhatIsNoDetailToWhatWaits,
];

async fn in_mongodb(raw: &mongodb::Collection<Document>, deed: Deed) {
    let the_waiting = doc! { "link": Bson::Null };
    let end = doc! { "link.position": { "$gt": 6 } };
    if !EDITS.contains(&deed) {
        raw.delete_many(the_waiting.clone()).await.unwrap();
    }
    let set = async |which: Document, what: Document| raw.update_many(which, what).await.unwrap();
    match deed {
        Deed::PutInUnsealed | Deed::PutInAsOfTheReleaseBefore => {
            let mut forged = raw.find_one(doc! { "link.position": 3 }).await.unwrap().unwrap();
            forged.insert("_id", Uuid::from_bytes([7; 16]));
            forged.remove("link");
            if deed == Deed::PutInAsOfTheReleaseBefore {
                forged.remove("particulars");
                forged.remove("commitment");
            }
            raw.insert_one(forged).await.unwrap();
        }
        Deed::UnsealAndEdit => {
            set(end, doc! { "$set": { "reason": "disabled" }, "$unset": { "link": "" } }).await;
        }
        Deed::UnsealAndTakeOut => {
            raw.delete_one(doc! { "link.position": 7 }).await.unwrap();
            set(end, doc! { "$unset": { "link": "" } }).await;
        }
        Deed::EditWhatWaits => {
            set(the_waiting, doc! { "$set": { "kind": "signed_in" } }).await;
        }
        Deed::EditWhereWhatWaitsCameFrom => {
            set(the_waiting, doc! { "$set": { "particulars.ip": "192.0.2.99" } }).await;
        }
        Deed::PutADetailToWhatWaits => {
            set(the_waiting, doc! { "$set": { "detail": "a pretext" } }).await;
        }
        Deed::PutWhatIsNoDetailToWhatWaits => {
            set(the_waiting, doc! { "$set": { "detail": "\u{1b}c" } }).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_the_release_before_wrote_is_sealed_in_sqlite() {
    let folder = Folder::new();
    let file = folder.file("portcullis.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(Location::File(file.clone())).unwrap());
    let clock = FrozenClock::new();
    store.migrate(clock.now()).await.unwrap();
    let raw = Connection::open(&file).unwrap();
    for number in 1..=3_u8 {
        let by = rusqlite::params![[number; 16], clock.now().as_millisecond()];
        raw.execute("INSERT INTO events (id, kind, actor, user_id, session_id, ip, at) VALUES (?1, 'refresh_reuse', 'user', ?1, ?1, '192.0.2.7', ?2)", by)
            .unwrap();
    }
    is_whole_with_four(store, clock).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_the_release_before_wrote_is_sealed_in_mongodb() {
    let Some(set) = mongod::shared().await else { return };
    let name = mongod::database_name();
    let store: Arc<dyn Store> = Arc::new(MongoStore::open(&set.url(&name), Arc::new(OsEntropy)).unwrap());
    let clock = FrozenClock::new();
    store.migrate(clock.now()).await.unwrap();
    let raw = set.client().await.database(&name).collection::<Document>("events");
    let at = mongodb::bson::DateTime::from_millis(clock.now().as_millisecond());
    for number in 1..=3_u8 {
        let id = Binary { subtype: BinarySubtype::Uuid, bytes: vec![number; 16] };
        let event = doc! { "_id": &id, "kind": "refresh_reuse", "userId": &id, "sessionId": &id, "ip": "192.0.2.7", "at": at };
        raw.insert_one(event).await.unwrap();
    }
    is_whole_with_four(store, clock).await;
}

/// The three, and the key that the service makes.
async fn is_whole_with_four(store: Arc<dyn Store>, clock: FrozenClock) {
    let service = Service::at(Arc::clone(&store), &[], clock.clone()).await;
    until("all is sealed", async || store.head().await.unwrap().is_some_and(|head| head.position == 4)).await;
    assert_eq!(verdict(&*store, &service.clock, None).await, "");
    tokio::task::spawn_blocking(move || drop(service)).await.unwrap();
}

//! The chain of events: whoever is at the store cannot change what was written down without it showing.

use std::{path::PathBuf, sync::Arc};

use futures_util::TryStreamExt;
use jiff::SignedDuration;
use mongodb::bson::{Binary, Document, doc, spec::BinarySubtype};
use portcullis::{
    domain::{clock::Clock, id::EventId, sealed::KeySecrets},
    flows::verify_events::{Noted, Verdict, verify_events},
    store::{
        Store,
        mongo::MongoStore,
        sqlite::{Location, SqliteStore},
    },
    system::{entropy::OsEntropy, vault::Vault},
};
use rusqlite::Connection;

use crate::support::{
    browser::Browser,
    clock::FrozenClock,
    folder::Folder,
    mongod,
    patience::until,
    process::{Process, run},
    service::{KEY_SECRET, Service},
    stores::on_both_stores,
};

/// What somebody does who is at the store, and what is told of it.
const DEEDS: [(Deed, &str); 11] = [
    (Deed::Edit, "altered 3"),
    (Deed::EditTheDetail, "altered 1"),
    (Deed::TakeOutTheDetail, "altered 1"),
    (Deed::PutInADetail, "altered 3"),
    (Deed::PutInWhatIsNoDetail, "altered 3"),
    (Deed::ForgetWhereFrom, "forgotten 3"),
    (Deed::TakeOut, "missing 3"),
    (Deed::TakeOutTheFirst, "missing 1"),
    (Deed::Swap, "altered 3, altered 4, detached 5"),
    (Deed::PutIn, "altered 9"),
    (Deed::TakeOffTheEnd, "head_gone 8"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Edit,
    /// Of the key, which says which one it is.
    EditTheDetail,
    TakeOutTheDetail,
    PutInADetail,
    PutInWhatIsNoDetail,
    ForgetWhereFrom,
    TakeOut,
    TakeOutTheFirst,
    Swap,
    PutIn,
    TakeOffTheEnd,
}

#[tokio::test]
async fn whatever_is_done_to_the_chain_in_sqlite_shows() {
    let folder = Folder::new();
    let file = folder.file("portcullis.db");
    let open = || Arc::new(SqliteStore::open(Location::File(file.clone())).unwrap());
    let (clock, head) = eight_events(open()).await;
    let raw = Connection::open(&file).unwrap();
    raw.execute_batch("CREATE TABLE kept AS SELECT * FROM events").unwrap();
    for (deed, told) in DEEDS {
        in_sqlite(&raw, deed);
        assert_eq!(verdict(&*open(), &clock, Some(head)).await, told, "{deed:?}");
        raw.execute_batch("DELETE FROM events; INSERT INTO events SELECT * FROM kept").unwrap();
        assert_eq!(verdict(&*open(), &clock, Some(head)).await, "", "{deed:?} is undone");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whatever_is_done_to_the_chain_in_mongodb_shows() {
    let Some(set) = mongod::shared().await else { return };
    let name = mongod::database_name();
    let url = set.url(&name);
    let open = || Arc::new(MongoStore::open(&url, Arc::new(OsEntropy)).unwrap());
    let (clock, head) = eight_events(open()).await;
    let raw = set.client().await.database(&name).collection::<Document>("events");
    let kept: Vec<Document> = raw.find(doc! {}).await.unwrap().try_collect().await.unwrap();
    for (deed, told) in DEEDS {
        in_mongodb(&raw, deed).await;
        let store = open();
        store.migrate(clock.now()).await.unwrap();
        assert_eq!(verdict(&*store, &clock, Some(head)).await, told, "{deed:?}");
        raw.delete_many(doc! {}).await.unwrap();
        raw.insert_many(&kept).await.unwrap();
        assert_eq!(verdict(&*store, &clock, Some(head)).await, "", "{deed:?} is undone");
    }
}

/// A service that has written down eight things, and has ended.
pub(super) async fn eight_events(store: Arc<dyn Store>) -> (FrozenClock, Noted) {
    let (mut service, head) = with_eight_events(store).await;
    let clock = service.clock.clone();
    tokio::task::spawn_blocking(move || service.stop()).await.unwrap();
    (clock, head)
}

/// The key, a sign-up with its sign-in, and five wrong passwords.
pub(super) async fn with_eight_events(store: Arc<dyn Store>) -> (Service, Noted) {
    let service = Service::on(store).await;
    assert_eq!(Browser::at(&service).sign_up("ada@example.org").await.status, 201);
    for _ in 0..5 {
        Browser::at(&service).sign_in("ada@example.org", "wrong").await;
    }
    until("all is sealed", async || {
        service.store.head().await.unwrap().is_some_and(|head| head.position == 8)
    })
    .await;
    let head = service.store.head().await.unwrap().unwrap();
    (service, head.noted())
}

/// What is wrong, in few words.
pub(super) async fn verdict(store: &dyn Store, clock: &FrozenClock, noted: Option<Noted>) -> String {
    let vault = Vault::new(&KeySecrets::parse(KEY_SECRET).unwrap()).unwrap();
    let Verdict { wrong, .. } = verify_events(store, clock, &vault, noted, &mut |_| ()).await.unwrap();
    let said = wrong.iter().map(|wrong| {
        let digits = |c: char| c.is_ascii_digit();
        let text = wrong.to_string();
        let from = text.find(digits).unwrap();
        let number = text[from..].split(|c| !digits(c)).next().unwrap();
        format!("{} {number}", wrong.code())
    });
    said.collect::<Vec<_>>().join(", ")
}

fn in_sqlite(raw: &Connection, deed: Deed) {
    let done = match deed {
        Deed::Edit => "UPDATE events SET ip = '192.0.2.99' WHERE position = 3",
        Deed::EditTheDetail => "UPDATE events SET detail = 'another key' WHERE position = 1",
        Deed::TakeOutTheDetail => "UPDATE events SET detail = NULL WHERE position = 1",
        Deed::PutInADetail => "UPDATE events SET detail = 'a pretext' WHERE position = 3",
        Deed::PutInWhatIsNoDetail => "UPDATE events SET detail = CAST(x'1bff63' AS TEXT) WHERE position = 3",
        Deed::ForgetWhereFrom => {
            "UPDATE events SET ip = NULL, user_agent = NULL, session_id = NULL, subject = NULL, salt = NULL WHERE position = 3"
        }
        Deed::TakeOut => "DELETE FROM events WHERE position = 3",
        Deed::TakeOutTheFirst => "DELETE FROM events WHERE position = 1",
        Deed::Swap => {
            "UPDATE events SET position = 99 WHERE position = 3; UPDATE events SET position = 3 WHERE position = 4; \
             UPDATE events SET position = 4 WHERE position = 99"
        }
        Deed::PutIn => {
            "INSERT INTO events SELECT randomblob(16), kind, reason, actor, user_id, request, trace, salt, session_id, subject, \
             user_agent, ip, commitment, at, 9, (SELECT digest FROM events WHERE position = 8), \
             (SELECT expires_at FROM events WHERE position = 8), expires_at, randomblob(32), NULL, NULL FROM events WHERE position = 3"
        }
        Deed::TakeOffTheEnd => "DELETE FROM events WHERE position > 6",
    };
    raw.execute_batch(done).unwrap();
}

async fn in_mongodb(raw: &mongodb::Collection<Document>, deed: Deed) {
    let at = |position: i64| doc! { "link.position": position };
    let place = async |from: i64, to: i64| {
        raw.update_one(at(from), doc! { "$set": { "link.position": to } }).await.unwrap();
    };
    let set = async |position: i64, what: Document| {
        raw.update_one(at(position), doc! { "$set": what }).await.unwrap();
    };
    match deed {
        Deed::EditTheDetail => set(1, doc! { "detail": "another key" }).await,
        Deed::TakeOutTheDetail => {
            raw.update_one(at(1), doc! { "$unset": { "detail": "" } }).await.unwrap();
        }
        Deed::PutInADetail => set(3, doc! { "detail": "a pretext" }).await,
        Deed::PutInWhatIsNoDetail => set(3, doc! { "detail": "\u{1b}c" }).await,
        Deed::Edit => {
            raw.update_one(at(3), doc! { "$set": { "particulars.ip": "192.0.2.99" } }).await.unwrap();
        }
        Deed::ForgetWhereFrom => {
            raw.update_one(at(3), doc! { "$unset": { "particulars": "" } }).await.unwrap();
        }
        Deed::TakeOut => drop(raw.delete_one(at(3)).await.unwrap()),
        Deed::TakeOutTheFirst => drop(raw.delete_one(at(1)).await.unwrap()),
        Deed::Swap => {
            place(3, 99).await;
            place(4, 3).await;
            place(99, 4).await;
        }
        Deed::PutIn => {
            let end = raw.find_one(at(8)).await.unwrap().unwrap();
            let end = end.get_document("link").unwrap();
            let mut forged = raw.find_one(at(3)).await.unwrap().unwrap();
            forged.insert("_id", mongodb::bson::Uuid::from_bytes([7; 16]));
            let digest = Binary { subtype: BinarySubtype::Generic, bytes: vec![7; 32] };
            let link = forged.get_document_mut("link").unwrap();
            link.insert("position", 9_i64);
            link.insert("previous", end.get("digest").unwrap().clone());
            link.insert("previousExpiresAt", end.get("expiresAt").unwrap().clone());
            link.insert("digest", digest);
            raw.insert_one(forged).await.unwrap();
        }
        Deed::TakeOffTheEnd => drop(raw.delete_many(doc! { "link.position": { "$gt": 6 } }).await.unwrap()),
    }
}

on_both_stores!(a_head_that_has_expired_is_not_missed_where_that_was_noted);

async fn a_head_that_has_expired_is_not_missed_where_that_was_noted(store: Arc<dyn Store>) {
    let (service, head) = with_eight_events(Arc::clone(&store)).await;
    let clock = &service.clock;
    let end = head.expires_at.unwrap();
    clock.advance(end.duration_since(clock.now()) - SignedDuration::from_millis(1));
    assert_eq!(verdict(&*store, clock, Some(head)).await, "");
    clock.advance(SignedDuration::from_millis(1));
    store.purge(clock.now()).await.unwrap();
    assert_eq!(verdict(&*store, clock, Some(head)).await, "", "it has gone by itself");
    let as_before = Noted { expires_at: None, ..head };
    assert_eq!(verdict(&*store, clock, Some(as_before)).await, "head_gone 8", "nobody can tell");
}

#[tokio::test]
async fn erasing_somebody_and_another_key_secret_leave_the_chain_whole() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(Location::Memory).unwrap());
    let service = Service::on(Arc::clone(&store)).await;
    assert_eq!(Browser::at(&service).sign_up("ada@example.org").await.status, 201);
    let ada = store.user_by_email(&crate::support::people::email("ada@example.org")).await.unwrap().unwrap();
    until("all is sealed", async || store.unsealed_events(EventId::FIRST, 1).await.unwrap().is_empty()).await;
    let now = service.clock.now();
    store.replace_user(&ada.clone().leave_at_once(now)).await.unwrap();
    assert!(store.erase_user(ada.id(), now).await.unwrap());

    let old = KeySecrets::parse(KEY_SECRET).unwrap();
    let new = portcullis::domain::sealed::KeySecret::from_bytes([9; 32]);
    let both = Vault::new(&KeySecrets { first: new, others: vec![old.first] }).unwrap();
    let verdict = verify_events(&*store, &service.clock, &both, None, &mut |_| ()).await.unwrap();
    assert!(verdict.is_whole(), "{:?}", verdict.wrong);
    assert_eq!((verdict.walk.checked, verdict.walk.forgotten), (3, 2));
}

#[tokio::test]
async fn the_command_ends_with_0_1_or_2() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[]);
    let sockets = process.ready();
    assert_eq!(Browser::to(sockets.public).sign_up("ada@example.org").await.status, 201);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let verify = |args: &[&str]| run(&folder, &[&["events", "verify"], args].concat(), &[]);
    let whole = verify(&["--json"]);
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    let whole: serde_json::Value = serde_json::from_slice(&whole.stdout).unwrap();
    assert_eq!((&whole["whole"], &whole["events"]), (&true.into(), &3.into()));
    let head = whole["head"].as_str().unwrap().to_owned();
    assert_eq!(verify(&["--head", &head]).status.code(), Some(0));
    assert_eq!(verify(&["--head", "nonsense"]).status.code(), Some(2));

    let file: PathBuf = folder.file("portcullis.db");
    Connection::open(file).unwrap().execute("DELETE FROM events WHERE position = 2", []).unwrap();
    let broken = verify(&[]);
    assert_eq!(broken.status.code(), Some(1));
    let said = String::from_utf8(broken.stdout).unwrap();
    assert!(said.starts_with("2 is missing\n") && said.ends_with("The chain is broken.\n"), "{said}");
}

#[tokio::test]
async fn a_restore_brings_the_chain_back_whole_and_goes_on_with_it() {
    let (folder, archive) = (Folder::new(), Folder::new());
    let place = archive.path().to_str().unwrap().to_owned();
    let mut process = Process::start(&folder, &[]);
    let public = process.ready().public;
    assert_eq!(Browser::to(public).sign_up("ada@example.org").await.status, 201);
    let verified = |head: Option<&str>| {
        let args = head.map_or_else(Vec::new, |head| vec!["--head", head]);
        let verified = run(&folder, &[&["events", "verify", "--json"], &args[..]].concat(), &[]);
        serde_json::from_slice::<serde_json::Value>(&verified.stdout).unwrap()
    };
    until("all is sealed", async || verified(None)["events"] == 3 && verified(None)["unsealed"] == 0).await;
    let head = verified(None)["head"].as_str().unwrap().to_owned();
    let backup = run(&folder, &["backup", "--to", &place, "--unencrypted"], &[]);
    assert_eq!(backup.status.code(), Some(0), "{backup:?}");
    Browser::to(public).sign_in("ada@example.org", "wrong").await;
    process.signal("TERM");
    process.end();

    let restored = run(&folder, &["restore", "--from", &place, "--replace"], &[]);
    assert_eq!(restored.status.code(), Some(0), "{restored:?}");
    let mut process = Process::start(&folder, &[]);
    process.ready();
    until("what was restored is sealed", async || verified(None)["events"] == 4).await;
    let whole = verified(Some(&head));
    assert_eq!((&whole["whole"], &whole["unsealed"]), (&true.into(), &0.into()), "{whole}");
}

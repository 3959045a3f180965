//! What breaks off half-way, and what is written down and told all the same.

use std::{path::Path, sync::Arc, time::Duration};

use jiff::SignedDuration;
use portcullis::{
    domain::{
        clock::Clock,
        device::Device,
        event::{Actor, Circumstances, Event, EventKind, Happening},
        id::{EventId, UserId},
        record::Record,
        sealed::KeySecrets,
        user::User,
    },
    store::{
        Store,
        sqlite::{Location, SqliteStore},
    },
    system::{entropy::OsEntropy, vault::Vault},
};
use reqwest::Client;
use rusqlite::Connection;
use tokio::time::timeout;

use super::{Stream, own};
use crate::support::{
    browser::Browser,
    clock::FrozenClock,
    events::events_of,
    folder::Folder,
    patience::until,
    people::{People, email},
    process::{Process, run},
    service::{KEY_SECRET, Service},
    stores::on_both_stores,
};

on_both_stores!(what_is_written_of_somebody_after_they_were_erased_is_forgotten_too);

/// As a sign-in writes it that waited for its hash meanwhile.
async fn what_is_written_of_somebody_after_they_were_erased_is_forgotten_too(store: Arc<dyn Store>) {
    let clock = FrozenClock::new();
    store.migrate(clock.now()).await.unwrap();
    let gone = [UserId::new(clock.now(), &OsEntropy).unwrap(), UserId::new(clock.now(), &OsEntropy).unwrap()];
    let from = Circumstances {
        device: Device::new(Some("a phone"), Some([192, 0, 2, 7].into())),
        ..Circumstances::default()
    };
    for (user, kind) in gone.into_iter().zip([EventKind::UserErased, EventKind::UserDeleted]) {
        store.add_event(&written(Happening::by(Actor::Service, kind).to(user), &clock)).await.unwrap();
        let failed = Happening::by_anyone(EventKind::SignInFailed, &from).to(user);
        store.add_event(&written(failed, &clock)).await.unwrap();
    }
    clock.advance(SignedDuration::from_hours(3));
    let service = Service::at(Arc::clone(&store), &[], clock).await;
    for user in gone {
        until("nothing tells of them", async || {
            events_of(&*store, user).await.iter().all(|event| event.particulars.is_none())
        })
        .await;
    }
    tokio::task::spawn_blocking(move || drop(service)).await.unwrap();
}

fn written(happening: Happening, clock: &FrozenClock) -> Event {
    let vault = Vault::new(&KeySecrets::parse(KEY_SECRET).unwrap()).unwrap();
    let id = EventId::new(clock.now(), &OsEntropy).unwrap();
    Event::of(happening, id, [7; 16], clock.now()).stamped(|said| vault.stamp(said))
}

fn open(file: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(Location::File(file.to_owned())).unwrap())
}

/// Refuses what the condition says.
fn trigger(file: &Path, when: &str) {
    let trigger = format!("CREATE TRIGGER refused BEFORE {when} BEGIN SELECT RAISE(ABORT, 'refused'); END");
    Connection::open(file).unwrap().execute_batch(&trigger).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whoever_cannot_seal_tells_all_the_same_what_others_have_sealed() {
    let folder = Folder::new();
    let file = folder.file("portcullis.db");
    let store = open(&file);
    let service = Service::on(Arc::clone(&store)).await;
    let mut ada = Browser::at(&service);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    until("all is sealed", async || store.unsealed_events(EventId::FIRST, 1).await.unwrap().is_empty()).await;
    let mut stream = Stream::open(own(&Client::new(), service.public, &ada), None).await.begun().await;
    trigger(&file, "UPDATE ON events");
    Browser::at(&service).sign_in("nobody@example.org", "wrong").await;

    let user = store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
    let head = store.head().await.unwrap().unwrap();
    let disabled = Happening::by(Actor::Operator, EventKind::UserDisabled).to(user.id());
    let mut elsewhere = written(disabled, &service.clock);
    let vault = Vault::new(&KeySecrets::parse(KEY_SECRET).unwrap()).unwrap();
    elsewhere.link = Some(head.next(&elsewhere, SignedDuration::from_hours(1), |link| vault.seal_link(link)));
    store.import(vec![Record::Event(elsewhere)]).await.unwrap();
    let told = timeout(Duration::from_secs(5), stream.next()).await.expect("within seconds").unwrap();
    assert_eq!(told.kind, "user_disabled");
    drop(stream);
    tokio::task::spawn_blocking(move || drop(service)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whoever_is_erased_keeps_nobody_else_although_it_cannot_be_written_down() {
    let folder = Folder::new();
    let file = folder.file("portcullis.db");
    let (store, people) = (open(&file), People::new());
    store.migrate(people.now()).await.unwrap();
    let leaving = |address| people.user(address).leave_at_once(people.now());
    let users: [User; 2] = [leaving("ada@example.org"), leaving("eve@example.org")];
    for user in &users {
        store.add_user(user).await.unwrap();
    }
    trigger(&file, "INSERT ON events WHEN NEW.kind = 'user_erased'");
    let service = Service::on(Arc::clone(&store)).await;
    for user in &users {
        until("they are gone", async || store.user(user.id()).await.unwrap().is_none()).await;
    }
    tokio::task::spawn_blocking(move || drop(service)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn it_is_known_that_an_operator_removed_somebody_although_that_broke_off() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[]);
    let public = process.ready().public;
    assert_eq!(Browser::to(public).sign_up("ada@example.org").await.status, 201);
    let file = folder.file("portcullis.db");
    let store = open(&file);
    let ada = store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
    trigger(&file, "DELETE ON users");
    let failed = run(&folder, &["users", "delete", "ada@example.org", "--yes"], &[]);
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    let events = events_of(&*store, ada.id()).await;
    assert_eq!((events[0].kind, events[0].actor), (EventKind::UserDeleted, Actor::Operator));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_command_with_another_key_secret_than_the_service_does_nothing() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[]);
    let public = process.ready().public;
    assert_eq!(Browser::to(public).sign_up("ada@example.org").await.status, 201);
    let store = open(&folder.file("portcullis.db"));
    until("all is sealed", async || store.unsealed_events(EventId::FIRST, 1).await.unwrap().is_empty()).await;
    let other = [("PORTCULLIS_KEY_SECRET", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=")];
    let refused = run(&folder, &["users", "disable", "ada@example.org"], &other);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("this key secret is not the one that the service has"), "{said}");
    let shown = run(&folder, &["users", "show", "ada@example.org"], &other);
    assert_eq!(shown.status.code(), Some(0), "{shown:?}");
    assert!(!String::from_utf8(shown.stdout).unwrap().contains("disabled since"), "nothing was done");
    let disabled = run(&folder, &["users", "disable", "ada@example.org"], &[]);
    assert_eq!(disabled.status.code(), Some(0), "{disabled:?}");
}

//! What is remembered of sessions: as fast as memory, as exact as the store.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use jiff::SignedDuration;
use portcullis::{
    domain::{
        clock::Clock,
        session::{EndReason, Ended, Seen, Session},
        user::User,
    },
    flows::memory::{BOUND, Key, Memory},
    store::{Change, Store},
};
use serde_json::json;

use crate::support::{
    browser::{Browser, PASSWORD},
    folder::Folder,
    people::People,
    service::Service,
    stores::{on_both_stores, two_of_one},
};

on_both_stores!(
    what_was_asked_before_needs_no_store,
    a_thousand_who_ask_at_once_cost_one_read,
    what_is_forgotten_is_asked_anew,
    a_no_is_always_the_store_s,
    nothing_is_believed_longer_than_its_bound_unless_changes_are_heard_of,
    its_share_of_health_tells_how_much_it_spares,
    a_session_whose_use_cannot_be_noted_is_not_forgotten,
);

/// Somebody signed in, in a store and nowhere else.
struct Scene {
    people: People,
    memory: Memory,
    store: Arc<dyn Store>,
    user: User,
    session: Session,
}

impl Scene {
    async fn set(store: Arc<dyn Store>) -> Self {
        let people = People::new();
        store.migrate(people.now()).await.unwrap();
        let user = people.user("ada@example.org");
        let session = people.session(&user);
        store.add_user(&user).await.unwrap();
        store.add_session(&session).await.unwrap();
        let memory = Memory::new(Arc::new(people.clock.clone()));
        Self { people, memory, store, user, session }
    }

    async fn holds(&self, key: Key) -> bool {
        let now = self.people.now();
        let found = self.memory.find(&*self.store, key, |session, user| session.holds(user, now));
        found.await.unwrap().is_some()
    }

    fn by_id(&self) -> Key {
        Key::Id(self.session.id)
    }

    fn by_secret(&self) -> Key {
        Key::Secret(self.session.secret_digest)
    }

    async fn end(&self) {
        let ended = Ended { at: self.people.now(), reason: EndReason::Revoked };
        assert!(self.store.end_session(self.session.id, ended).await.unwrap());
    }

    fn reads(&self) -> u64 {
        self.memory.figures().misses
    }
}

async fn what_was_asked_before_needs_no_store(store: Arc<dyn Store>) {
    let scene = Scene::set(store).await;
    for key in [scene.by_secret(), scene.by_secret(), scene.by_id()] {
        assert!(scene.holds(key).await);
    }
    assert_eq!(scene.reads(), 1);
    assert_eq!(scene.memory.figures().hits, 2);
}

async fn a_thousand_who_ask_at_once_cost_one_read(store: Arc<dyn Store>) {
    let scene = Scene::set(store).await;
    for key in [scene.by_id(), scene.by_secret()] {
        let before = scene.reads();
        scene.memory.hear(Duration::ZERO, &[Change::Everything]);
        let answers = join_all((0..1_000).map(|_| scene.holds(key))).await;
        assert!(answers.into_iter().all(|holds| holds));
        assert_eq!(scene.reads() - before, 1);
    }
}

async fn what_is_forgotten_is_asked_anew(store: Arc<dyn Store>) {
    let scene = Scene::set(store).await;
    let changes = [Change::Session(scene.session.id), Change::User(scene.user.id()), Change::Everything];
    for (number, change) in (2..).zip(changes) {
        assert!(scene.holds(scene.by_secret()).await);
        scene.memory.hear(Duration::ZERO, &[change]);
        assert!(scene.holds(scene.by_secret()).await);
        assert_eq!(scene.reads(), number, "{change:?}");
    }
    scene.end().await;
    assert!(scene.holds(scene.by_id()).await, "nobody said so");
    scene.memory.forget_session(scene.session.id);
    assert!(!scene.holds(scene.by_id()).await && !scene.holds(scene.by_secret()).await);
}

async fn a_no_is_always_the_store_s(store: Arc<dyn Store>) {
    let scene = Scene::set(store).await;
    assert!(scene.holds(scene.by_id()).await);
    let later = scene.session.idle_expires_at;
    let seen = Seen { at: later, idle_expires_at: scene.session.expires_at };
    scene.store.see_session(scene.session.id, seen).await.unwrap();
    scene.people.clock.advance(SignedDuration::from_hours(14 * 24));
    scene.memory.hear(scene.people.clock.uptime(), &[]);
    assert!(scene.holds(scene.by_id()).await, "it was used elsewhere, and lives longer than is remembered");
}

async fn nothing_is_believed_longer_than_its_bound_unless_changes_are_heard_of(store: Arc<dyn Store>) {
    let scene = Scene::set(store).await;
    let bound = SignedDuration::try_from(BOUND).unwrap();
    assert!(scene.holds(scene.by_id()).await);
    scene.people.clock.advance(bound);
    assert!(scene.holds(scene.by_id()).await);
    assert_eq!(scene.reads(), 1);

    scene.memory.hear(scene.people.clock.uptime(), &[]);
    scene.people.clock.advance(bound);
    assert!(scene.holds(scene.by_id()).await);
    assert_eq!(scene.reads(), 1, "nothing had changed until half a minute ago");

    scene.end().await;
    scene.people.clock.advance(SignedDuration::from_millis(1));
    assert!(!scene.holds(scene.by_id()).await);
}

async fn its_share_of_health_tells_how_much_it_spares(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    for _ in 0..10 {
        assert!(ada.current_user().await.is_some());
    }
    let mut operator = Browser::to(service.internal);
    let health = operator.get("/health").await.json();
    let memory = &health["dependencies"]["memory"];
    assert_eq!(memory["state"], "up", "{health}");
    assert!(memory["hitRate"].as_f64().unwrap() >= 0.8, "{health}");
}

async fn a_session_whose_use_cannot_be_noted_is_not_forgotten(store: Arc<dyn Store>) {
    let service = Service::on(Arc::clone(&store)).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    assert!(ada.current_user().await.is_some());
    service.clock.advance(SignedDuration::from_mins(1));
    let mut operator = Browser::to(service.internal);
    let begun = Instant::now();
    while operator.get("/health").await.json()["dependencies"]["memory"]["state"] != "up" {
        assert!(begun.elapsed() < Duration::from_secs(5), "changes are not heard of");
    }

    store.close().await;

    for _ in 0..3 {
        assert_eq!(ada.current_user().await.as_deref(), Some("ada@example.org"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_revocation_on_one_replica_is_refused_by_another_within_a_second() {
    let folder = Folder::new();
    for [here, there] in two_of_one(&folder).await {
        let (here, there) = (Service::on(here).await, Service::on(there).await);
        let mut ada = Browser::at(&here);
        ada.sign_up("ada@example.org").await;
        for out in ["/api/users/signout", "/api/users/signout-all"] {
            ada.sign_in("ada@example.org", PASSWORD).await;
            let mut elsewhere = Browser::to(there.public);
            elsewhere.cookie = ada.cookie.clone();
            assert!(elsewhere.current_user().await.is_some());
            ada.post(out, json!({})).await;
            let begun = Instant::now();
            while elsewhere.current_user().await.is_some() {
                assert!(begun.elapsed() < Duration::from_secs(1), "{out}");
            }
        }
    }
}

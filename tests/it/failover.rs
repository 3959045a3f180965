//! Failover: the primary dies under load, and nothing that was acknowledged dies with it.

mod checks;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use portcullis::{
    domain::{
        id::SessionId,
        secret::SecretDigest,
        session::{EndReason, Ended, Session},
        user::User,
    },
    store::{Change, Store, StoreError, mongo::MongoStore},
    system::{clock::Stopwatch, entropy::OsEntropy},
};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    store::contract::rotations::{rotated, rotation},
    support::{mongod::ReplicaSet, people::People},
};

const ELECTION_TIMEOUT: Duration = Duration::from_secs(3);
const BACK_WITHIN: Duration = Duration::from_secs(6);
const WORKERS: usize = 8;
/// A session is renewed so often, then ended, then the next one begins.
const RENEWALS: u64 = 4;

/// What everybody who takes part shares.
struct Scene {
    people: People,
    user: User,
    watch: Stopwatch,
    over: AtomicBool,
    /// When the primary was dead, and when a write that began after it was acknowledged.
    killed: Mutex<Option<Duration>>,
    back: Mutex<Option<Duration>>,
}

/// The last that was acknowledged of a session, and when it began.
#[derive(Clone)]
struct Acknowledged {
    id: SessionId,
    generation: u64,
    secret: SecretDigest,
    ended: bool,
    begun: Duration,
}

impl Scene {
    /// Writes until it is over; whatever goes wrong is tried again, as its client would.
    async fn work(&self, store: &dyn Store) -> Vec<Acknowledged> {
        let mut all = Vec::new();
        while !self.over.load(Ordering::Relaxed) {
            let session = self.people.session(&self.user);
            match store.add_session(&session).await {
                Ok(()) => all.push(self.live(store, session).await),
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
        all
    }

    async fn live(&self, store: &dyn Store, mut session: Session) -> Acknowledged {
        let since = self.watch.elapsed();
        let mut last = acknowledged(&session, false, since);
        while session.generation < RENEWALS && !self.over.load(Ordering::Relaxed) {
            let (rotation, begun) = (rotation(&session, &self.people), self.watch.elapsed());
            match store.rotate_session(&rotation).await {
                Ok(()) => {
                    self.note(begun);
                    session = rotated(&session, &rotation);
                    last = acknowledged(&session, false, since);
                }
                // One of ours went through and nobody could say so.
                Err(StoreError::Stale) => {
                    if let Ok(Some((found, _))) = store.session_by_id(session.id).await {
                        assert!(found.generation == session.generation + 1, "{found:?} after {session:?}");
                        session = found;
                    }
                }
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
        while !self.over.load(Ordering::Relaxed) {
            let ended = Ended { at: self.people.now(), reason: EndReason::Revoked };
            match store.end_session(session.id, ended).await {
                Ok(_) => return acknowledged(&session, true, since),
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
        last
    }

    fn note(&self, begun: Duration) {
        if self.killed.lock().unwrap().is_some_and(|killed| begun > killed) {
            self.back.lock().unwrap().get_or_insert(self.watch.elapsed());
        }
    }

    /// What is told, each with the moment before it was asked for.
    async fn listen(&self, store: &dyn Store) -> Vec<(Duration, Change)> {
        let (mut changes, mut told) = (store.changes(), Vec::new());
        loop {
            let (asked, over) = (self.watch.elapsed(), self.over.load(Ordering::Relaxed));
            match changes.next().await {
                Ok(answer) if over && answer.is_empty() => return told,
                Ok(answer) => told.extend(answer.into_iter().map(|change| (asked, change))),
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

fn acknowledged(session: &Session, ended: bool, begun: Duration) -> Acknowledged {
    let (id, generation, secret) = (session.id, session.generation, session.secret_digest);
    Acknowledged { id, generation, secret, ended, begun }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_44_nothing_acknowledged_is_lost_with_the_primary() {
    let Some(set) = ReplicaSet::three(ELECTION_TIMEOUT).await else { return };
    let people = People::new();
    let stores = [replica(&set, &people).await, replica(&set, &people).await];
    let user = people.user("ada@example.org");
    stores[0].add_user(&user).await.unwrap();
    let scene = Arc::new(Scene {
        people,
        user,
        watch: Stopwatch::start(),
        over: AtomicBool::new(false),
        killed: Mutex::default(),
        back: Mutex::default(),
    });

    let mut workers = JoinSet::new();
    for number in 0..WORKERS {
        let (scene, store) = (Arc::clone(&scene), Arc::clone(&stores[number % 2]));
        workers.spawn(async move { scene.work(&*store).await });
    }
    let listener = tokio::spawn({
        let (scene, store) = (Arc::clone(&scene), Arc::clone(&stores[1]));
        async move { scene.listen(&*store).await }
    });
    sleep(Duration::from_secs(2)).await;
    let primary = set.primary().await.unwrap();
    set.kill(primary);
    let killed = scene.watch.elapsed();
    *scene.killed.lock().unwrap() = Some(killed);
    while scene.back.lock().unwrap().is_none() {
        assert!(scene.watch.elapsed() < killed + Duration::from_secs(30), "writes never came back");
        sleep(Duration::from_millis(20)).await;
    }
    set.restart(primary).await;
    sleep(Duration::from_secs(2)).await;
    scene.over.store(true, Ordering::Relaxed);
    let all = workers.join_all().await.concat();
    let told = listener.await.unwrap();

    let back = scene.back.lock().unwrap().unwrap().checked_sub(killed).unwrap();
    let ends = all.iter().filter(|last| last.ended).count();
    println!("writes were back after {back:?}; {} sessions, {ends} of them ended", all.len());
    assert!(all.len() > 20 && ends > 10, "there was no load to speak of");
    for last in &all {
        assert_kept(&*stores[0], last).await;
        assert_told(&told, last);
    }
    assert!(back < BACK_WITHIN, "{back:?}");
    for store in stores {
        store.close().await;
    }
}

async fn replica(set: &ReplicaSet, people: &People) -> Arc<dyn Store> {
    let store = MongoStore::open(&set.url("auth"), Arc::new(OsEntropy)).unwrap();
    store.migrate(people.now()).await.unwrap();
    Arc::new(store)
}

/// At most one more write may have happened than was acknowledged: the one that was under way at the end.
async fn assert_kept(store: &dyn Store, last: &Acknowledged) {
    let (found, _) = store.session_by_id(last.id).await.unwrap().unwrap();
    match found.generation - last.generation {
        0 => assert_eq!(found.secret_digest, last.secret),
        1 if !last.ended => assert_eq!(found.previous.unwrap().digest, last.secret),
        _ => panic!("generation {} instead of {}", found.generation, last.generation),
    }
    assert!(found.ended.is_some() || !last.ended, "an end that was acknowledged is gone");
}

/// Every renewal and the end, each by the session's name, or by an `Everything` in between.
fn assert_told(told: &[(Duration, Change)], last: &Acknowledged) {
    let by_name = told.iter().filter(|(_, change)| *change == Change::Session(last.id)).count() as u64;
    let with_all = told.iter().any(|(asked, change)| *change == Change::Everything && *asked > last.begun);
    let due = last.generation + u64::from(last.ended);
    assert!(with_all || by_name >= due, "told of {by_name} of {due} changes");
}

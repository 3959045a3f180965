//! What a store promises about telling what changed.

use std::{collections::HashSet, sync::Arc, time::Duration};

use portcullis::{
    domain::{id::SessionId, session::Session, user::User},
    store::{Change, Changes, QUIET, Store},
    system::clock::Stopwatch,
};
use tokio::time::{sleep, timeout};

use super::{
    Database,
    rotations::{rotate, rotation},
    sessions::{seen, signed_in, signed_out},
};
use crate::support::people::People;

const SECOND: Duration = Duration::from_secs(1);

pub(crate) async fn the_first_answer_is_everything_and_then_nothing(store: Arc<dyn Store>, people: &People) {
    let (_, session) = signed_in(&*store, people).await;
    store.end_session(session.id, signed_out(people)).await.unwrap();
    let mut changes = store.changes();
    assert_eq!(changes.next().await.unwrap(), [Change::Everything]);
    for _ in 0..3 {
        let watch = Stopwatch::start();
        assert_eq!(changes.next().await.unwrap(), []);
        let took = watch.elapsed();
        assert!(took > QUIET / 2 && took < QUIET * 3, "asked for once in a while, and answered: {took:?}");
    }
}

pub(crate) async fn what_is_written_here_is_told(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let mut changes = listening(&*store).await;
    write_all_there_is(&*store, &user, &session, people, async |change| {
        assert_eq!(until_told(&mut *changes).await, [change]);
    })
    .await;
}

/// Another object is another process, as far as the database can tell.
pub(crate) async fn what_another_writes_is_told_within_a_second(database: &dyn Database) {
    let (here, people) = (database.open().await, People::new());
    here.migrate(people.now()).await.unwrap();
    let there = database.open().await;
    there.migrate(people.now()).await.unwrap();
    let (user, session) = signed_in(&*there, &people).await;
    let mut changes = listening(&*here).await;
    write_all_there_is(&*there, &user, &session, &people, async |change| {
        let watch = Stopwatch::start();
        let told = until_told(&mut *changes).await;
        assert!(told == [change] || told == [Change::Everything], "{told:?} instead of {change:?}");
        assert!(watch.elapsed() < SECOND, "{:?}", watch.elapsed());
    })
    .await;
    here.close().await;
    there.close().await;
}

pub(crate) async fn an_answer_holds_all_that_had_changed(store: Arc<dyn Store>, people: &People) {
    let (user, _) = signed_in(&*store, people).await;
    let mut changes = listening(&*store).await;
    let mut ended = HashSet::new();
    for _ in 0..30 {
        let session = people.session(&user);
        store.add_session(&session).await.unwrap();
        store.end_session(session.id, signed_out(people)).await.unwrap();
        ended.insert(Change::Session(session.id));
    }
    let told: HashSet<Change> = changes.next().await.unwrap().into_iter().collect();
    assert_eq!(told, ended);
}

/// So that whoever remembers something need not forget it for no reason.
pub(crate) async fn signing_in_and_being_seen_are_not_told(store: Arc<dyn Store>, people: &People) {
    let mut changes = listening(&*store).await;
    let (user, session) = signed_in(&*store, people).await;
    store.see_session(session.id, seen(people, 24)).await.unwrap();
    let session = people.session(&user);
    store.add_session(&session).await.unwrap();
    store.see_session(session.id, seen(people, 15 * 24)).await.unwrap();
    assert_eq!(changes.next().await.unwrap(), []);
}

/// A browser that closes its connection ends the request, and maybe not what it had begun.
pub(crate) async fn a_change_is_told_although_its_caller_has_gone(store: Arc<dyn Store>, people: &People) {
    let (user, _) = signed_in(&*store, people).await;
    let mut changes = listening(&*store).await;
    let mut sessions = Vec::new();
    for number in 0..60 {
        let session = people.session(&user);
        store.add_session(&session).await.unwrap();
        let patience = Duration::from_micros(number * 50);
        let _ = timeout(patience, store.end_session(session.id, signed_out(people))).await;
        sessions.push(session.id);
    }
    sleep(QUIET).await;
    let told = changes.next().await.unwrap();
    let mut gone = 0;
    for id in sessions {
        let (session, _) = store.session_by_id(id).await.unwrap().unwrap();
        if session.ended.is_some() {
            assert!(told.contains(&Change::Session(id)), "the end of number {gone} was not told");
            gone += 1;
        }
    }
    println!("{gone} of 60 ended");
}

pub(crate) async fn two_who_listen_are_both_told(store: Arc<dyn Store>, people: &People) {
    let (_, session) = signed_in(&*store, people).await;
    let (mut one, mut other) = (listening(&*store).await, listening(&*store).await);
    rotate(&*store, &session, people).await;
    assert_eq!(until_told(&mut *one).await, [Change::Session(session.id)]);
    assert_eq!(until_told(&mut *other).await, [Change::Session(session.id)]);
}

/// Asking is given up when the service ends, and in tests; what was not heard is told next time.
pub(crate) async fn whoever_gives_up_asking_misses_nothing(store: Arc<dyn Store>, people: &People) {
    let (user, _) = signed_in(&*store, people).await;
    let mut changes = listening(&*store).await;
    let (mut told, mut ended) = (HashSet::new(), HashSet::<SessionId>::new());
    for number in 0..20 {
        let session = people.session(&user);
        store.add_session(&session).await.unwrap();
        let patience = Duration::from_millis(number);
        let end = store.end_session(session.id, signed_out(people));
        let (heard, done) = tokio::join!(timeout(patience, changes.next()), end);
        assert!(done.unwrap());
        told.extend(heard.into_iter().flat_map(Result::unwrap));
        ended.insert(session.id);
    }
    told.extend(changes.next().await.unwrap());
    let everything = told.contains(&Change::Everything);
    let missed = ended.into_iter().filter(|&id| !told.contains(&Change::Session(id))).count();
    assert!(everything || missed == 0, "{missed} were never told");
}

/// A feed that has said `Everything`.
pub(crate) async fn listening(store: &dyn Store) -> Box<dyn Changes> {
    let mut changes = store.changes();
    assert_eq!(changes.next().await.unwrap(), [Change::Everything]);
    changes
}

/// The next answer that tells something.
pub(crate) async fn until_told(changes: &mut dyn Changes) -> Vec<Change> {
    let watch = Stopwatch::start();
    while watch.elapsed() < 5 * SECOND {
        let told = changes.next().await.unwrap();
        if !told.is_empty() {
            return told;
        }
    }
    panic!("nothing was told");
}

/// One after the other, each followed by `then` with what has to be told.
async fn write_all_there_is(
    store: &dyn Store,
    user: &User,
    session: &Session,
    people: &People,
    mut then: impl AsyncFnMut(Change),
) {
    store.rotate_session(&rotation(session, people)).await.unwrap();
    then(Change::Session(session.id)).await;
    assert!(store.end_session(session.id, signed_out(people)).await.unwrap());
    then(Change::Session(session.id)).await;
    store.replace_user(&user.clone().disable(people.now())).await.unwrap();
    then(Change::User(user.id())).await;
}

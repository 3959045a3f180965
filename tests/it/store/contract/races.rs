//! What a store promises when fifty ask at once.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::SignedDuration;
use portcullis::{
    domain::one_time::Purpose,
    store::{Store, StoreError},
};
use tokio::{sync::Barrier, task::JoinSet};

use super::{
    rotations::{rotated, rotation},
    sessions::{as_seen, assert_stored, seen, signed_in, signed_out},
};
use crate::support::people::{People, email};

pub(crate) const RACERS: usize = 50;

pub(crate) async fn of_fifty_who_want_an_address_one_gets_it(store: Arc<dyn Store>, people: &People) {
    let spellings = ["ada@example.org", "ADA@Example.ORG"];
    let users = (0..RACERS).map(|racer| people.user(spellings[racer % 2]));
    let answers = race(users, |user| {
        let store = Arc::clone(&store);
        async move { (store.add_user(&user).await, user) }
    })
    .await;

    let taken = answers.iter().filter(|(answer, _)| matches!(answer, Err(StoreError::Taken))).count();
    let winners: Vec<_> = answers.iter().filter(|(answer, _)| answer.is_ok()).collect();
    assert_eq!((winners.len(), taken), (1, RACERS - 1));
    let found = store.user_by_email(&email("ada@example.org")).await.unwrap();
    assert_eq!(found.as_ref(), Some(&winners[0].1));
}

/// A hundred addresses, and fifty who want each: half of them sign up with it, half move there.
pub(crate) async fn f_35_of_fifty_who_sign_up_with_an_address_or_move_there_one_gets_it(
    store: Arc<dyn Store>,
    people: &People,
) {
    let mut movers = Vec::new();
    for number in 0..25 {
        let mover = people.user(&format!("mover{number}@example.org"));
        store.add_user(&mover).await.unwrap();
        movers.push(mover);
    }
    for number in 0..100 {
        let wanted = email(&format!("wanted{number}@example.org"));
        let came = join_all((0..25).map(|_| {
            let (store, user) = (&store, people.user(wanted.original()));
            async move { store.add_user(&user).await.is_ok() }
        }));
        let moved = join_all(movers.iter().map(|mover| {
            let (store, moved) = (&store, mover.clone().move_to(wanted.clone(), people.now()));
            async move { store.replace_user(&moved).await.is_ok() }
        }));
        let (came, moved) = tokio::join!(came, moved);
        assert_eq!(came.iter().chain(&moved).filter(|has| **has).count(), 1, "{number}");
        if let Some(at) = moved.iter().position(|has| *has) {
            movers[at] = movers[at].clone().move_to(wanted.clone(), people.now()).written();
        }
    }
}

pub(crate) async fn of_fifty_replacements_of_one_revision_one_succeeds(
    store: Arc<dyn Store>,
    people: &People,
) {
    let user = people.user("ada@example.org");
    store.add_user(&user).await.unwrap();
    let versions = (0..RACERS).map(|_| {
        people.clock.advance(SignedDuration::from_millis(1));
        user.clone().disable(people.now())
    });
    let answers = race(versions, |user| {
        let store = Arc::clone(&store);
        async move { (store.replace_user(&user).await, user) }
    })
    .await;

    let stale = answers.iter().filter(|(answer, _)| matches!(answer, Err(StoreError::Stale))).count();
    let winners: Vec<_> = answers.iter().filter(|(answer, _)| answer.is_ok()).collect();
    assert_eq!((winners.len(), stale), (1, RACERS - 1));
    assert_eq!(store.user(user.id()).await.unwrap(), Some(winners[0].1.clone().written()));
}

pub(crate) async fn of_fifty_who_end_a_session_one_is_told_so(store: Arc<dyn Store>, people: &People) {
    let (_, session) = signed_in(&*store, people).await;
    let ended = signed_out(people);
    let answers = race(0..RACERS, |_| {
        let store = Arc::clone(&store);
        async move { store.end_session(session.id, ended).await.unwrap() }
    })
    .await;
    assert_eq!(answers.into_iter().filter(|&first| first).count(), 1);
}

pub(crate) async fn of_fifty_who_consume_a_record_one_gets_it(store: Arc<dyn Store>, people: &People) {
    let record = people.one_time(Purpose::SecondFactor);
    store.add_one_time(&record).await.unwrap();
    let (digest, now) = (record.digest, people.now());
    let answers = race(0..RACERS, |_| {
        let store = Arc::clone(&store);
        async move { store.consume_one_time(&digest, Purpose::SecondFactor, now).await.unwrap() }
    })
    .await;
    assert_eq!(answers.into_iter().flatten().collect::<Vec<_>>(), [record]);
}

pub(crate) async fn of_fifty_sightings_the_latest_stays(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let sightings: Vec<_> = (0..RACERS)
        .map(|_| {
            people.clock.advance(SignedDuration::from_millis(1));
            seen(people, 14 * 24)
        })
        .collect();
    let latest = sightings[RACERS - 1];
    race(sightings, |seen| {
        let store = Arc::clone(&store);
        async move { store.see_session(session.id, seen).await.unwrap() }
    })
    .await;
    assert_stored(&*store, &as_seen(&session, latest), &user).await;
}

pub(crate) async fn f_36_of_fifty_rotations_of_one_generation_one_succeeds(
    store: Arc<dyn Store>,
    people: &People,
) {
    let (user, session) = signed_in(&*store, people).await;
    let rotations = (0..RACERS).map(|_| rotation(&session, people));
    let answers = race(rotations, |rotation| {
        let store = Arc::clone(&store);
        async move { (store.rotate_session(&rotation).await, rotation) }
    })
    .await;
    let stale = answers.iter().filter(|(answer, _)| matches!(answer, Err(StoreError::Stale))).count();
    let winners: Vec<_> = answers.iter().filter(|(answer, _)| answer.is_ok()).collect();
    assert_eq!((winners.len(), stale), (1, RACERS - 1));
    assert_stored(&*store, &rotated(&session, &winners[0].1), &user).await;
}

/// Whichever is first: once it has ended, nothing about its secrets moves.
pub(crate) async fn f_44_a_rotation_never_follows_the_end(store: Arc<dyn Store>, people: &People) {
    let (user, mut session) = signed_in(&*store, people).await;
    let end = signed_out(people);
    let mut rotations = Vec::new();
    for _ in 0..20 {
        let rotation = rotation(&session, people);
        session = rotated(&session, &rotation);
        rotations.push(rotation);
    }
    let renewing = async {
        let mut renewed = 0;
        for rotation in &rotations {
            match store.rotate_session(rotation).await {
                Ok(()) => renewed += 1,
                Err(StoreError::Stale) => break,
                Err(error) => panic!("{error:?}"),
            }
        }
        renewed
    };
    let ending = async {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        store.end_session(session.id, end).await.unwrap()
    };
    let (renewed, ended) = tokio::join!(renewing, ending);
    assert!(ended);
    let (found, _) = store.session_by_id(session.id).await.unwrap().unwrap();
    assert_eq!((found.generation, found.ended), (renewed, Some(end)));
    assert!(!found.holds(&user, people.now()));
}

/// Lets every racer's task come to the line before any may start.
pub(crate) async fn race<R, T, F>(racers: impl IntoIterator<Item = R>, run: impl Fn(R) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let runs: Vec<F> = racers.into_iter().map(run).collect();
    let line = Arc::new(Barrier::new(runs.len()));
    let mut tasks = JoinSet::new();
    for run in runs {
        let line = Arc::clone(&line);
        tasks.spawn(async move {
            line.wait().await;
            run.await
        });
    }
    tasks.join_all().await
}

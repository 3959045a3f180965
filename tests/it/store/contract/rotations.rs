//! What a store promises about a secret that gives way to the next.

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::{
    domain::{
        policy::{Lifetimes, SessionPreset},
        session::{Previous, Rotation, Session},
    },
    store::{Store, StoreError},
};

use super::sessions::{as_seen, assert_stored, seen, signed_in, signed_out};
use crate::support::people::People;

pub(crate) async fn a_rotated_session_reads_back_exactly(store: Arc<dyn Store>, people: &People) {
    let (user, mut session) = signed_in(&*store, people).await;
    for _ in 0..3 {
        people.clock.advance(SignedDuration::from_mins(5));
        let rotation = rotation(&session, people);
        store.rotate_session(&rotation).await.unwrap();
        session = rotated(&session, &rotation);
        assert_stored(&*store, &session, &user).await;
    }
    assert_eq!(session.generation, 3);
}

pub(crate) async fn a_session_is_found_by_its_present_and_its_previous_secret(
    store: Arc<dyn Store>,
    people: &People,
) {
    let (user, first) = signed_in(&*store, people).await;
    let second = rotate(&*store, &first, people).await;
    let third = rotate(&*store, &second, people).await;
    let bystander = people.session(&user);
    store.add_session(&bystander).await.unwrap();

    let whole = Some((third.clone(), user.clone()));
    assert_eq!(store.session(&third.secret_digest).await.unwrap(), whole);
    assert_eq!(store.session(&second.secret_digest).await.unwrap(), whole);
    assert_eq!(store.session(&first.secret_digest).await.unwrap(), None, "two generations ago");
    assert_eq!(store.session_by_id(first.id).await.unwrap(), whole);
    assert_stored(&*store, &bystander, &user).await;
}

pub(crate) async fn an_older_generation_is_not_rotated_again(store: Arc<dyn Store>, people: &People) {
    let (user, first) = signed_in(&*store, people).await;
    let stale = rotation(&first, people);
    let second = rotate(&*store, &first, people).await;
    let right = rotation(&second, people);
    for wrong in [
        stale,
        Rotation { from: first.secret_digest, ..right },
        Rotation { generation: 0, ..right },
        Rotation { generation: 2, ..right },
        Rotation { session: people.session(&user).id, ..right },
    ] {
        let refused = store.rotate_session(&wrong).await;
        assert!(matches!(refused, Err(StoreError::Stale)), "{wrong:?}: {refused:?}");
    }
    assert_stored(&*store, &second, &user).await;
    store.rotate_session(&right).await.unwrap();
}

pub(crate) async fn an_ended_session_is_not_rotated_any_more(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let session = rotate(&*store, &session, people).await;
    let ended = signed_out(people);
    assert!(store.end_session(session.id, ended).await.unwrap());
    let refused = store.rotate_session(&rotation(&session, people)).await;
    assert!(matches!(refused, Err(StoreError::Stale)), "{refused:?}");
    assert_stored(&*store, &Session { ended: Some(ended), ..session }, &user).await;
}

pub(crate) async fn a_rotation_never_moves_a_session_back(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let early = rotation(&session, people);
    people.clock.advance(SignedDuration::from_mins(2));
    let late = seen(people, 15 * 24);
    store.see_session(session.id, late).await.unwrap();
    store.rotate_session(&early).await.unwrap();
    assert_stored(&*store, &as_seen(&rotated(&session, &early), late), &user).await;
}

pub(crate) async fn a_previous_secret_is_taken_once(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let session = rotate(&*store, &session, people).await;
    // Those that have none do not stand in each other's way.
    store.add_session(&people.session(&user)).await.unwrap();
    store.add_session(&people.session(&user)).await.unwrap();
    let double = Session { previous: session.previous, ..people.session(&user) };
    let second = store.add_session(&double).await;
    assert!(matches!(second, Err(StoreError::Taken)), "{second:?}");
    assert_stored(&*store, &session, &user).await;
}

pub(crate) fn rotation(session: &Session, people: &People) -> Rotation {
    session.rotate(people.secret().digest(), lifetimes(), people.now())
}

/// As it stands in the store afterwards.
pub(crate) fn rotated(session: &Session, rotation: &Rotation) -> Session {
    Session {
        generation: rotation.generation + 1,
        secret_digest: rotation.to,
        previous: Some(Previous { digest: rotation.from, rotated_at: rotation.at }),
        last_seen_at: rotation.at,
        idle_expires_at: rotation.idle_expires_at,
        ..session.clone()
    }
}

pub(crate) async fn rotate(store: &dyn Store, session: &Session, people: &People) -> Session {
    let rotation = rotation(session, people);
    store.rotate_session(&rotation).await.unwrap();
    rotated(session, &rotation)
}

fn lifetimes() -> Lifetimes {
    SessionPreset::Relaxed.lifetimes()
}

//! What a store promises about sessions.

use std::{net::IpAddr, sync::Arc};

use jiff::SignedDuration;
use portcullis::{
    domain::{
        device::Device,
        session::{EndReason, Ended, Seen, Session},
        user::User,
    },
    store::{Store, StoreError},
};

use crate::support::people::People;

pub(crate) async fn a_session_reads_back_with_its_user(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    assert_stored(&*store, &session, &user).await;
}

pub(crate) async fn a_session_from_nowhere_reads_back_exactly(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    store.add_user(&user).await.unwrap();
    let v6 = Device::new(None, Some("2001:db8::ffff:7".parse::<IpAddr>().unwrap()));
    let mapped = Device::new(None, Some("::ffff:192.0.2.7".parse::<IpAddr>().unwrap()));
    for device in [Device::default(), v6, mapped] {
        let session = Session { device, amr: Vec::new(), epoch: 1 << 40, ..people.session(&user) };
        store.add_session(&session).await.unwrap();
        assert_stored(&*store, &session, &user).await;
    }
}

pub(crate) async fn a_session_shows_its_user_as_it_is_now(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let disabled = user.disable(people.now());
    store.replace_user(&disabled).await.unwrap();
    assert_stored(&*store, &session, &disabled.written()).await;
}

pub(crate) async fn an_unknown_secret_is_none(store: Arc<dyn Store>, people: &People) {
    signed_in(&*store, people).await;
    let unknown = people.secret().digest();
    assert_eq!(store.session(&unknown).await.unwrap(), None);
    let nobodys = people.session(&people.user("nobody@example.org")).id;
    assert!(!store.end_session(nobodys, signed_out(people)).await.unwrap());
    let seen = Seen { at: people.now(), idle_expires_at: people.now() };
    store.see_session(nobodys, seen).await.unwrap();
    assert_eq!(store.session(&unknown).await.unwrap(), None);
}

/// Whether the session itself may be added is the store's own business; it speaks for nobody either way.
pub(crate) async fn a_session_without_its_user_is_none(store: Arc<dyn Store>, people: &People) {
    let session = people.session(&people.user("ada@example.org"));
    let _ = store.add_session(&session).await;
    assert_eq!(store.session(&session.secret_digest).await.unwrap(), None);
}

pub(crate) async fn a_session_s_secret_is_taken_once(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let other = people.session(&user);
    for double in [
        Session { secret_digest: session.secret_digest, ..other.clone() },
        Session { id: session.id, ..other.clone() },
    ] {
        let second = store.add_session(&double).await;
        assert!(matches!(second, Err(StoreError::Taken)), "{second:?}");
    }
    assert_stored(&*store, &session, &user).await;
}

pub(crate) async fn a_user_may_have_many_sessions(store: Arc<dyn Store>, people: &People) {
    let (user, first) = signed_in(&*store, people).await;
    let second = people.session(&user);
    store.add_session(&second).await.unwrap();
    assert_stored(&*store, &first, &user).await;
    assert_stored(&*store, &second, &user).await;
}

pub(crate) async fn an_ended_session_says_when_and_why(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    people.clock.advance(SignedDuration::from_millis(1));
    let ended = signed_out(people);
    assert!(store.end_session(session.id, ended).await.unwrap());
    assert_stored(&*store, &Session { ended: Some(ended), ..session }, &user).await;
}

pub(crate) async fn a_session_ends_once(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let first = signed_out(people);
    assert!(store.end_session(session.id, first).await.unwrap());
    people.clock.advance(SignedDuration::from_secs(1));
    assert!(!store.end_session(session.id, signed_out(people)).await.unwrap());
    assert_stored(&*store, &Session { ended: Some(first), ..session }, &user).await;
}

pub(crate) async fn ending_one_session_leaves_the_others(store: Arc<dyn Store>, people: &People) {
    let (user, first) = signed_in(&*store, people).await;
    let second = people.session(&user);
    store.add_session(&second).await.unwrap();
    assert!(store.end_session(first.id, signed_out(people)).await.unwrap());
    assert_stored(&*store, &second, &user).await;
}

pub(crate) async fn being_seen_moves_a_session_forward(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    people.clock.advance(SignedDuration::from_mins(2));
    let seen = seen(people, 14 * 24);
    store.see_session(session.id, seen).await.unwrap();
    assert_stored(&*store, &as_seen(&session, seen), &user).await;
}

pub(crate) async fn being_seen_never_moves_a_session_back(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let early = seen(people, 15 * 24);
    people.clock.advance(SignedDuration::from_mins(2));
    let late = seen(people, 14 * 24);
    store.see_session(session.id, late).await.unwrap();
    store.see_session(session.id, early).await.unwrap();
    assert_stored(&*store, &as_seen(&session, late), &user).await;

    people.clock.advance(SignedDuration::from_mins(2));
    let shorter = seen(people, 1);
    store.see_session(session.id, shorter).await.unwrap();
    let kept = Seen { idle_expires_at: late.idle_expires_at, ..shorter };
    assert_stored(&*store, &as_seen(&session, kept), &user).await;
}

/// Seen later means later: a note of the very same moment is taken.
pub(crate) async fn of_two_sightings_in_one_moment_the_longer_grant_stays(
    store: Arc<dyn Store>,
    people: &People,
) {
    let (user, session) = signed_in(&*store, people).await;
    people.clock.advance(SignedDuration::from_mins(2));
    let (shorter, longer) = (seen(people, 14 * 24), seen(people, 15 * 24));
    for seen in [shorter, longer, shorter] {
        store.see_session(session.id, seen).await.unwrap();
    }
    assert_stored(&*store, &as_seen(&session, longer), &user).await;
}

pub(crate) async fn an_ended_session_is_not_seen_any_more(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let ended = signed_out(people);
    assert!(store.end_session(session.id, ended).await.unwrap());
    people.clock.advance(SignedDuration::from_mins(2));
    store.see_session(session.id, seen(people, 14 * 24)).await.unwrap();
    assert_stored(&*store, &Session { ended: Some(ended), ..session }, &user).await;
}

pub(crate) async fn an_expired_session_is_handed_over_for_the_caller_to_judge(
    store: Arc<dyn Store>,
    people: &People,
) {
    let (user, session) = signed_in(&*store, people).await;
    people.clock.advance(SignedDuration::from_hours(30 * 24));
    assert!(!session.holds(&user, people.now()));
    assert_stored(&*store, &session, &user).await;
}

/// A user and a session, both in the store.
pub(crate) async fn signed_in(store: &dyn Store, people: &People) -> (User, Session) {
    let user = people.user("ada@example.org");
    let session = people.session(&user);
    store.add_user(&user).await.unwrap();
    store.add_session(&session).await.unwrap();
    (user, session)
}

pub(crate) fn signed_out(people: &People) -> Ended {
    Ended { at: people.now(), reason: EndReason::SignedOut }
}

/// Seen now, and good for so many hours without being seen again.
pub(crate) fn seen(people: &People, hours: i64) -> Seen {
    Seen { at: people.now(), idle_expires_at: people.now() + SignedDuration::from_hours(hours) }
}

pub(crate) fn as_seen(session: &Session, seen: Seen) -> Session {
    Session { last_seen_at: seen.at, idle_expires_at: seen.idle_expires_at, ..session.clone() }
}

pub(crate) async fn assert_stored(store: &dyn Store, session: &Session, user: &User) {
    let found = store.session(&session.secret_digest).await.unwrap();
    assert_eq!(found, Some((session.clone(), user.clone())));
}

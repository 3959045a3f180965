//! What a store promises about a user's sessions taken together.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use portcullis::{
    domain::{
        id::{SessionId, UserId},
        session::Session,
    },
    store::{MOST_SESSIONS, Store},
};

use super::{
    rotations::rotate,
    sessions::{signed_in, signed_out},
};
use crate::support::people::People;

pub(crate) async fn a_user_s_sessions_are_listed_the_newest_first(store: Arc<dyn Store>, people: &People) {
    let (user, first) = signed_in(&*store, people).await;
    let mut sessions = vec![first];
    for _ in 0..3 {
        people.clock.advance(SignedDuration::from_millis(1));
        let session = people.session(&user);
        store.add_session(&session).await.unwrap();
        sessions.insert(0, session);
    }
    let stranger = people.user("grace@example.org");
    store.add_user(&stranger).await.unwrap();
    store.add_session(&people.session(&stranger)).await.unwrap();
    // Being renewed makes it no newer.
    sessions[2] = rotate(&*store, &sessions[2], people).await;

    assert_eq!(store.sessions_of(user.id(), people.now()).await.unwrap(), sessions);
    assert_eq!(store.sessions_of(people.user_id(), people.now()).await.unwrap(), []);
}

pub(crate) async fn what_ended_or_expired_is_not_listed(store: Arc<dyn Store>, people: &People) {
    let (user, ended) = signed_in(&*store, people).await;
    assert!(store.end_session(ended.id, signed_out(people)).await.unwrap());
    assert_eq!(listed(&*store, user.id(), people.now()).await, []);

    let moment = people.now() + SignedDuration::from_hours(1);
    let idle = Session { idle_expires_at: moment, ..people.session(&user) };
    let over = Session { expires_at: moment, ..people.session(&user) };
    people.clock.advance(SignedDuration::from_millis(1));
    let open = people.session(&user);
    for session in [&idle, &over, &open] {
        store.add_session(session).await.unwrap();
    }
    let before = moment - SignedDuration::from_millis(1);
    assert_eq!(listed(&*store, user.id(), before).await.len(), 3);
    assert_eq!(listed(&*store, user.id(), moment).await, [open.id]);
}

pub(crate) async fn no_more_are_listed_than_the_bound(store: Arc<dyn Store>, people: &People) {
    let (user, oldest) = signed_in(&*store, people).await;
    let newer: Vec<Session> = (0..MOST_SESSIONS)
        .map(|_| {
            people.clock.advance(SignedDuration::from_millis(1));
            people.session(&user)
        })
        .collect();
    let added = stream::iter(&newer).map(|session| store.add_session(session)).buffer_unordered(50);
    added.for_each(async |answer| answer.unwrap()).await;
    let listed = listed(&*store, user.id(), people.now()).await;
    assert_eq!(listed.len(), MOST_SESSIONS as usize);
    assert!(listed.first() == newer.last().map(|newest| &newest.id) && !listed.contains(&oldest.id));
}

async fn listed(store: &dyn Store, user: UserId, now: Timestamp) -> Vec<SessionId> {
    store.sessions_of(user, now).await.unwrap().into_iter().map(|session| session.id).collect()
}

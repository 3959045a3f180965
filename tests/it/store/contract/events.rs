//! What a store promises about what happened.

use std::{net::IpAddr, sync::Arc};

use jiff::SignedDuration;
use portcullis::{
    domain::{
        event::{Event, EventKind},
        user::User,
    },
    store::{Store, StoreError},
};

use super::sessions::signed_in;
use crate::support::people::People;

pub(crate) async fn events_read_back_exactly_and_the_newest_first(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let mut events = Vec::new();
    for ip in [None, Some("192.0.2.7"), Some("2001:db8::7"), Some("::ffff:192.0.2.7")] {
        let ip = ip.map(|ip| ip.parse::<IpAddr>().unwrap());
        let session_id = ip.map(|_| session.id);
        events.insert(0, Event { session_id, ip, ..event(&user, people) });
    }
    for index in [1, 0, 3, 2] {
        store.add_event(&events[index]).await.unwrap();
    }
    store.add_event(&event(&people.user("grace@example.org"), people)).await.unwrap();
    assert_eq!(store.events_of(user.id(), 100).await.unwrap(), events);
}

pub(crate) async fn no_more_events_are_read_than_were_asked_for(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    let mut newest = Vec::new();
    for _ in 0..5 {
        newest.insert(0, event(&user, people));
        store.add_event(&newest[0]).await.unwrap();
    }
    for most in [0, 1, 3] {
        let events = store.events_of(user.id(), most).await.unwrap();
        assert_eq!(events, newest[..most as usize], "{most}");
    }
    assert_eq!(store.events_of(people.user_id(), 5).await.unwrap(), []);
}

pub(crate) async fn an_event_is_added_once(store: Arc<dyn Store>, people: &People) {
    let event = event(&people.user("ada@example.org"), people);
    store.add_event(&event).await.unwrap();
    let again = store.add_event(&event).await;
    assert!(matches!(again, Err(StoreError::Taken)), "{again:?}");
}

/// A moment after the one before.
pub(crate) fn event(user: &User, people: &People) -> Event {
    people.clock.advance(SignedDuration::from_millis(1));
    Event {
        id: people.event_id(),
        kind: EventKind::RefreshReuse,
        user_id: user.id(),
        session_id: None,
        ip: None,
        at: people.now(),
    }
}

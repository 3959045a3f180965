//! What a store promises about what happened.

use std::{net::IpAddr, ops::Range, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use portcullis::{
    domain::{
        device::Device,
        event::{
            Actor, Circumstances, Detail, Event, EventFilter, EventKind, Happening, Head, Reason,
            RequestName, TraceId,
        },
        id::{EventId, UserId},
        user::User,
    },
    store::{BATCH, Store, StoreError},
};

use super::sessions::signed_in;
use crate::support::people::People;

const ALL: Range<EventId> = EventId::FIRST..EventId::LAST;
const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

pub(crate) async fn events_read_back_exactly_and_the_newest_first(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let mut events = Vec::new();
    for ip in [None, Some("192.0.2.7"), Some("2001:db8::7"), Some("::ffff:192.0.2.7")] {
        let ip = ip.map(|ip| ip.parse::<IpAddr>().unwrap());
        let from = Circumstances {
            device: Device::new(ip.map(|_| "Mozilla/5.0 (Pr\u{fc}fstand) $literal"), ip),
            request: ip.and_then(|_| RequestName::parse("0af7651916cd43dd")),
            trace: ip.and("4bf92f3577b34da6a3ce929d0e0e4736".parse::<TraceId>().ok()),
            ..Circumstances::default()
        };
        let happening = Happening::by_user(EventKind::SessionEnded, user.id(), &from);
        let happening = happening.in_detail(ip.and_then(|_| Detail::of("$literal +a -b {\"'%s")));
        events.insert(0, written(happening.because(Reason::Crowded).of_session(session.id), people));
    }
    for index in [1, 0, 3, 2] {
        store.add_event(&events[index]).await.unwrap();
    }
    store.add_event(&event(&people.user("grace@example.org"), people)).await.unwrap();
    assert_eq!(of(&*store, user.id(), people.now()).await, events);

    seal(&*store, &Head::NONE, YEAR).await;
    let sealed = of(&*store, user.id(), people.now()).await;
    assert!(sealed.iter().all(|event| event.link.is_some()), "{sealed:?}");
    let stamps = events.iter().map(|event| event.stamp);
    let bare = sealed.into_iter().zip(stamps).map(|(event, stamp)| {
        assert_eq!(event.stamp, None, "a seal has taken its place");
        Event { link: None, stamp, ..event }
    });
    assert_eq!(bare.collect::<Vec<_>>(), events);
}

pub(crate) async fn an_event_of_nobody_reads_back_exactly(store: Arc<dyn Store>, people: &People) {
    let failed = Happening::by_anyone(EventKind::SignInFailed, &Circumstances::default());
    let failed = failed.because(Reason::UnknownAddress).about(people.secret().digest());
    let event = written(failed, people);
    store.add_event(&event).await.unwrap();
    let found = store.events(&EventFilter::default(), ALL, 10, people.now()).await.unwrap();
    assert_eq!(found, [event]);
}

pub(crate) async fn no_more_events_are_read_than_were_asked_for(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    let mut newest = Vec::new();
    for _ in 0..5 {
        newest.insert(0, event(&user, people));
        store.add_event(&newest[0]).await.unwrap();
    }
    let wanted = EventFilter { user: Some(user.id()), kind: None };
    for most in [0, 1, 3] {
        let events = store.events(&wanted, ALL, most, people.now()).await.unwrap();
        assert_eq!(events, newest[..most as usize], "{most}");
    }
    let before = newest[1].id;
    let page = store.events(&wanted, EventId::FIRST..before, 2, people.now()).await.unwrap();
    assert_eq!(page, newest[2..4], "those before the last one seen");
    assert_eq!(of(&*store, people.user_id(), people.now()).await, []);
}

pub(crate) async fn events_are_found_by_their_kind_and_their_time(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    let (reuse, since) = (event(&user, people), people.now());
    people.clock.advance(SignedDuration::from_millis(1));
    let left =
        written(Happening::by_user(EventKind::UserLeaving, user.id(), &Circumstances::default()), people);
    for event in [&reuse, &left] {
        store.add_event(event).await.unwrap();
    }
    let found = async |user, kind, ids| {
        store.events(&EventFilter { user, kind }, ids, 10, people.now()).await.unwrap()
    };
    let only = std::slice::from_ref;
    assert_eq!(found(None, Some(EventKind::UserLeaving), ALL).await, only(&left));
    assert_eq!(found(Some(user.id()), Some(EventKind::RefreshReuse), ALL).await, only(&reuse));
    let next = EventId::from_moment(since + SignedDuration::from_millis(1));
    assert_eq!(found(None, None, next..EventId::LAST).await, only(&left));
    assert_eq!(found(None, None, EventId::FIRST..next).await, only(&reuse));
}

pub(crate) async fn an_event_is_added_once(store: Arc<dyn Store>, people: &People) {
    let event = event(&people.user("ada@example.org"), people);
    store.add_event(&event).await.unwrap();
    let again = store.add_event(&event).await;
    assert!(matches!(again, Err(StoreError::Taken)), "{again:?}");
}

pub(crate) async fn events_are_sealed_once_and_read_in_their_order(store: Arc<dyn Store>, people: &People) {
    assert_eq!(store.head().await.unwrap(), None);
    let (ada, grace) = (people.user("ada@example.org"), people.user("grace@example.org"));
    for user in [&ada, &grace, &ada, &grace] {
        store.add_event(&event(user, people)).await.unwrap();
    }
    let sealed = seal(&*store, &Head::NONE, YEAR).await;
    assert_eq!(store.unsealed_events(EventId::FIRST, 10).await.unwrap(), []);
    assert_eq!(store.head().await.unwrap(), Some(sealed[3].link.unwrap().head()));
    let read = async |of, positions| store.sealed_events(of, positions, 10, people.now()).await.unwrap();
    assert_eq!(read(None, 0..u64::MAX).await, sealed);
    assert_eq!(read(None, 2..4).await, sealed[1..3]);
    assert_eq!(read(Some(grace.id()), 0..u64::MAX).await, [sealed[1].clone(), sealed[3].clone()]);
    assert_eq!(store.sealed_events(None, 0..u64::MAX, 1, people.now()).await.unwrap(), sealed[..1]);

    let again = store.seal_events(&sealed).await;
    assert!(matches!(again, Err(StoreError::Stale)), "{again:?}");
}

pub(crate) async fn a_place_in_the_chain_is_one_event_s(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    for _ in 0..3 {
        store.add_event(&event(&user, people)).await.unwrap();
    }
    let unsealed = store.unsealed_events(EventId::FIRST, 10).await.unwrap();
    let first = linked(&unsealed[..1], &Head::NONE, YEAR);
    store.seal_events(&first).await.unwrap();
    // Somebody who has not seen that one, and somebody who seals another in its place.
    for late in [linked(&unsealed, &Head::NONE, YEAR), linked(&unsealed[1..], &Head::NONE, YEAR)] {
        let refused = store.seal_events(&late).await;
        assert!(matches!(refused, Err(StoreError::Stale)), "{refused:?}");
    }
    assert_eq!(
        store.unsealed_events(EventId::FIRST, 10).await.unwrap(),
        unsealed[1..],
        "nothing after it was sealed"
    );
    seal(&*store, &first[0].link.unwrap().head(), YEAR).await;
    let positions: Vec<_> = store.sealed_events(None, 0..u64::MAX, 10, people.now()).await.unwrap();
    assert_eq!(positions.iter().filter_map(Event::position).collect::<Vec<_>>(), [1, 2, 3]);
}

pub(crate) async fn of_many_who_seal_at_once_nobody_leaves_a_hole(store: Arc<dyn Store>, people: &People) {
    const EVENTS: usize = 60;
    let user = people.user("ada@example.org");
    let sealers = (0..4).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            loop {
                let unsealed = store.unsealed_events(EventId::FIRST, 7).await.unwrap();
                let head = store.head().await.unwrap().unwrap_or(Head::NONE);
                match store.seal_events(&linked(&unsealed, &head, YEAR)).await {
                    Ok(()) | Err(StoreError::Stale) if head.position == EVENTS as u64 => break,
                    Ok(()) | Err(StoreError::Stale) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
    });
    let sealers: Vec<_> = sealers.collect();
    for _ in 0..EVENTS {
        store.add_event(&event(&user, people)).await.unwrap();
    }
    for sealer in sealers {
        sealer.await.unwrap();
    }
    let sealed = store.sealed_events(None, 0..u64::MAX, 500, people.now()).await.unwrap();
    let links: Vec<_> = sealed.iter().filter_map(|event| event.link).collect();
    assert_eq!(links.len(), EVENTS);
    for (index, pair) in links.windows(2).enumerate() {
        assert_eq!((pair[0].position, pair[1].position), (index as u64 + 1, index as u64 + 2));
        assert_eq!(pair[1].previous, pair[0].digest);
    }
}

pub(crate) async fn a_whole_batch_is_sealed_at_once(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    let events = (0..BATCH).map(|_| event(&user, people));
    let records = events.map(portcullis::domain::record::Record::Event).collect();
    store.import(records).await.unwrap();
    assert_eq!(seal(&*store, &Head::NONE, YEAR).await.len(), BATCH);
    assert_eq!(store.head().await.unwrap().unwrap().position, BATCH as u64);
}

pub(crate) async fn an_expired_event_is_read_no_more(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    store.add_event(&event(&user, people)).await.unwrap();
    let sealed = seal(&*store, &Head::NONE, YEAR).await;
    let end = sealed[0].link.unwrap().expires_at;
    let before = end - SignedDuration::from_millis(1);
    assert_eq!(of(&*store, user.id(), before).await, sealed);
    assert_eq!(store.sealed_events(None, 0..9, 9, before).await.unwrap(), sealed);
    assert_eq!(of(&*store, user.id(), end).await, []);
    assert_eq!(store.sealed_events(None, 0..9, 9, end).await.unwrap(), []);
    assert!(store.head().await.unwrap().is_some(), "the chain goes on from there");
}

/// All of a user's, the newest first.
pub(crate) async fn of(store: &dyn Store, user: UserId, now: Timestamp) -> Vec<Event> {
    store.events(&EventFilter { user: Some(user), kind: None }, ALL, 1_000, now).await.unwrap()
}

/// Seals all there is, with digests that are the ids.
pub(crate) async fn seal(store: &dyn Store, head: &Head, retention: SignedDuration) -> Vec<Event> {
    let unsealed = store.unsealed_events(EventId::FIRST, u32::try_from(BATCH).unwrap()).await.unwrap();
    let sealed = linked(&unsealed, head, retention);
    store.seal_events(&sealed).await.unwrap();
    sealed
}

fn linked(events: &[Event], head: &Head, retention: SignedDuration) -> Vec<Event> {
    let mut head = *head;
    let link = |event: &Event| {
        let id = event.id.as_uuid().into_bytes();
        let link = head.next(event, retention, |_| [id, id].concat().try_into().unwrap());
        head = link.head();
        Event { link: Some(link), stamp: None, ..event.clone() }
    };
    events.iter().map(link).collect()
}

/// A moment after the one before.
pub(crate) fn event(user: &User, people: &People) -> Event {
    let from = Circumstances {
        device: Device::new(Some("curl"), Some([192, 0, 2, 7].into())),
        ..Circumstances::default()
    };
    written(Happening::by_anyone(EventKind::RefreshReuse, &from).to(user.id()), people)
}

pub(crate) fn written(happening: Happening, people: &People) -> Event {
    people.clock.advance(SignedDuration::from_millis(1));
    let stamp = |_: &[u8]| [people.salt(), people.salt()].concat().try_into().unwrap();
    Event::of(happening, people.event_id(), people.salt(), people.now()).stamped(stamp)
}

/// What is said of those who did it.
pub(crate) async fn what_another_release_wrote_is_read_sealed_and_listed(
    store: Arc<dyn Store>,
    people: &People,
) {
    let user = people.user("ada@example.org");
    let later = |text| EventKind::read(text).unwrap();
    let happening = Happening::by(Actor::read("passkey").unwrap(), later("passkey_added")).to(user.id());
    let told = written(happening.because(Reason::read("lost_phone").unwrap()), people);
    store.add_event(&told).await.unwrap();
    store.add_event(&event(&user, people)).await.unwrap();
    assert_eq!(store.unsealed_events(EventId::FIRST, 1).await.unwrap(), [told]);
    let sealed = seal(&*store, &Head::NONE, YEAR).await;
    assert_eq!(sealed.len(), 2);
    assert_eq!(store.sealed_events(None, 0..9, 9, people.now()).await.unwrap(), sealed);
    let wanted = EventFilter { user: None, kind: Some(later("passkey_added")) };
    assert_eq!(store.events(&wanted, ALL, 9, people.now()).await.unwrap(), sealed[..1]);
    let exported = crate::support::records::exported(&*store).await;
    assert!(exported.contains(&portcullis::domain::record::Record::Event(sealed[0].clone())));
}

pub(crate) async fn what_is_written_of_somebody_who_is_gone_tells_nothing_in_the_end(
    store: Arc<dyn Store>,
    people: &People,
) {
    let (ada, eve) = (people.user("ada@example.org"), people.user("eve@example.org"));
    store.add_user(&eve).await.unwrap();
    for user in [&ada, &eve] {
        store.add_event(&event(user, people)).await.unwrap();
    }
    seal(&*store, &Head::NONE, YEAR).await;
    for user in [&ada, &eve] {
        store.add_event(&event(user, people)).await.unwrap();
        store.forget_particulars(user.id()).await.unwrap();
    }
    let of_ada = of(&*store, ada.id(), people.now()).await;
    assert!(of_ada.len() == 2 && of_ada.iter().all(|event| event.particulars.is_none()), "{of_ada:?}");
    let of_eve = of(&*store, eve.id(), people.now()).await;
    assert!(of_eve.iter().all(|event| event.particulars.is_some()), "she is there: {of_eve:?}");
}

#[test]
fn an_actor_has_a_name_that_reads_back() {
    assert!(Actor::ALL.iter().all(|actor| Actor::read(actor.as_str()) == Some(*actor)));
}

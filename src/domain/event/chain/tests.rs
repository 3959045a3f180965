//! A chain that somebody was at.

use sha2::{Digest as _, Sha256};

use super::*;
use crate::domain::{
    event::{Actor, EventKind, Happening},
    id::EventId,
};

const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

fn seal(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest([b"a key", bytes].concat()).into()
}

fn event(number: u128, at: Timestamp) -> Event {
    let id = EventId::from_uuid(uuid::Uuid::from_u128(number));
    Event::of(Happening::by(Actor::Service, EventKind::SigningKeyRotated), id, [7; 16], at)
}

fn chain(retentions: &[SignedDuration]) -> Vec<Event> {
    let mut head = Head::NONE;
    let mut chain = Vec::new();
    for (number, retention) in (0_u32..).zip(retentions) {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(number.into());
        let mut event = event(number.into(), at);
        let link = head.next(&event, *retention, seal);
        event.link = Some(link);
        head = link.head();
        chain.push(event);
    }
    chain
}

fn walk(chain: &[Event], now: Timestamp) -> Vec<Fault> {
    let mut walk = Walk::default();
    let is_ours = |bytes: &[u8], digest: &[u8; 32]| seal(bytes) == *digest;
    chain.iter().flat_map(|event| walk.step(event, now, is_ours)).collect()
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24)
}

#[test]
fn a_chain_that_nobody_was_at_is_whole() {
    assert_eq!(walk(&chain(&[YEAR; 5]), now()), []);
    assert_eq!(walk(&[], now()), []);
}

#[test]
fn what_was_edited_moved_put_in_or_taken_out_shows() {
    let whole = chain(&[YEAR; 5]);
    let mut edited = whole.clone();
    edited[2].kind = EventKind::SignedIn;
    assert_eq!(walk(&edited, now()), [Fault::Altered { position: 3 }]);

    let mut where_from = whole.clone();
    where_from[2].particulars.as_mut().unwrap().salt = [8; 16];
    assert_eq!(walk(&where_from, now()), [Fault::Altered { position: 3 }]);

    let mut swapped = whole.clone();
    (swapped[1].link.as_mut().unwrap().position, swapped[2].link.as_mut().unwrap().position) = (3, 2);
    swapped.swap(1, 2);
    let altered = [Fault::Altered { position: 2 }, Fault::Altered { position: 3 }];
    assert_eq!(walk(&swapped, now())[..2], altered);

    let mut out = whole.clone();
    out.drain(1..3);
    assert_eq!(walk(&out, now()), [Fault::Missing { from: 2, to: 3 }]);

    let mut beginning = whole.clone();
    beginning.drain(..2);
    assert_eq!(walk(&beginning, now()), [Fault::Missing { from: 1, to: 2 }]);

    let mut of_another = whole;
    of_another[4] = chain(&[YEAR, YEAR, YEAR, YEAR * 2, YEAR])[4].clone();
    assert_eq!(walk(&of_another, now()), [Fault::Detached { position: 5 }]);
}

#[test]
fn what_retention_took_is_not_missed() {
    let mut chain = chain(&[SignedDuration::from_hours(1); 5]);
    let now = chain[1].link.unwrap().expires_at;
    chain.drain(..2);
    assert_eq!(walk(&chain, now), []);
    assert_eq!(walk(&chain, now - SignedDuration::from_millis(1)), [Fault::Missing { from: 1, to: 2 }]);
}

#[test]
fn a_shorter_retention_lets_none_go_before_the_ones_before_it() {
    let chain = chain(&[YEAR, SignedDuration::from_hours(1), YEAR]);
    let expires: Vec<_> = chain.iter().map(|event| event.link.unwrap().expires_at).collect();
    assert!(expires.is_sorted(), "{expires:?}");
}

#[test]
fn erasing_a_user_breaks_no_chain() {
    let mut chain = chain(&[YEAR; 3]);
    chain[1].particulars = None;
    let mut walk = Walk::default();
    let is_ours = |bytes: &[u8], digest: &[u8; 32]| seal(bytes) == *digest;
    assert!(chain.iter().all(|event| walk.step(event, now(), is_ours).is_empty()));
    assert_eq!((walk.checked, walk.forgotten), (3, 1));
}

#[test]
fn a_head_is_noted_with_its_end_or_as_it_was_noted_before() {
    let head = chain(&[YEAR])[0].link.unwrap().head().noted();
    let text = head.to_string();
    assert_eq!(text.parse::<Noted>().unwrap(), head);
    let (before, _) = text.split_at(text.match_indices(':').nth(1).unwrap().0);
    assert_eq!(before.parse::<Noted>().unwrap(), Noted { expires_at: None, ..head });
    for other in ["", "1", "1:", "x:00", &format!("{before}:"), &format!("{before}:tomorrow")] {
        assert_eq!(other.parse::<Noted>(), Err(NotAHead), "{other}");
    }
}

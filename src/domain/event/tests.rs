//! What an event says, as the bytes that are stamped and sealed.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::*;
use crate::domain::hex::hex;

fn rotated() -> Happening {
    Happening::by(Actor::Service, EventKind::SigningKeyRotated).because(Reason::Due)
}

fn event(happening: Happening) -> Event {
    Event::of(happening, EventId::from_uuid(Uuid::from_u128(7)), [7; 16], Timestamp::UNIX_EPOCH)
}

fn stamp(said: &[u8]) -> [u8; 32] {
    Sha256::digest(said).into()
}

/// What is in stores by now, and was before there were details.
#[test]
fn r_04_an_event_without_a_detail_has_the_bytes_that_it_always_had() {
    let from = Circumstances {
        device: Device::new(Some("curl"), Some([192, 0, 2, 7].into())),
        request: RequestName::parse("0af7651916cd43dd"),
        trace: "4bf92f3577b34da6a3ce929d0e0e4736".parse().ok(),
        network: None,
    };
    let user = UserId::from_uuid(Uuid::from_u128(1));
    let full = Happening::by_user(EventKind::SessionEnded, user, &from).because(Reason::Crowded);
    let full = event(full.of_session(SessionId::from_uuid(Uuid::from_u128(2))));
    let digest = |bytes: &[u8]| hex(&Sha256::digest(bytes));
    let link = Head::NONE.next(&full, jiff::SignedDuration::from_hours(1), stamp);
    assert_eq!(
        digest(&event(rotated()).said()),
        "cbf49629bd8b2bb1329569c603b6d4d8895c8c6ceb58ff694e1ae462b2588f06"
    );
    assert_eq!(digest(&full.said()), "71ed97df751311db042cb7a468aa3e3d23e1e60a89917f32e664b267ad5b438d");
    assert_eq!(
        digest(&link.bytes(&full)),
        "8df6278be7cd5b1d844fb1ae77a303e30afd9183fd25f45fe888f5b66c043aac"
    );
}

#[test]
fn r_04_a_detail_that_is_changed_taken_out_or_put_in_shows() {
    let detailed = event(rotated().in_detail(Detail::of("the one key"))).stamped(stamp);
    let bare = event(rotated()).stamped(stamp);
    let other =
        |event: &Event, detail: Option<&str>| Event { detail: detail.and_then(Detail::of), ..event.clone() };
    let edited = [
        other(&detailed, Some("the other key")),
        other(&detailed, None),
        other(&bare, Some("the one key")),
        Event { detail: Some(Detail::read("\u{1b}c")), ..bare.clone() },
    ];
    let is_ours = |said: &[u8], with: &[u8; 32]| stamp(said) == *with;
    assert!([&detailed, &bare].iter().all(|event| event.is_as_written(is_ours)));
    assert!(!edited.iter().any(|event| event.is_as_written(is_ours)));

    let link = |event: &Event| Head::NONE.next(event, jiff::SignedDuration::from_hours(1), stamp);
    for (event, sealed) in edited.iter().zip([&detailed, &detailed, &bare, &bare]) {
        assert_ne!(link(sealed).bytes(event), link(sealed).bytes(sealed), "{event:?}");
    }
}

#[test]
fn what_follows_from_something_has_no_detail_of_it() {
    let cleared = rotated().in_detail(Detail::of("everybody")).leads_to(EventKind::SignedOut);
    assert_eq!(event(cleared).detail, None);
}

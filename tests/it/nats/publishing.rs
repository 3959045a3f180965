//! What is published, and what a stream makes of it.

use serde_json::json;

use super::*;
use crate::support::nats_server::Kept;

#[tokio::test]
async fn events_arrive_in_their_order_under_their_kind_with_their_id() {
    let Some(server) = NatsServer::start() else { return };
    server.stream(SUBJECT, &json!({}));
    let nats = to(&server);
    goes(&nats, &parcels(0..64)).await;
    let last = Parcel { kind: EventKind::UserErased, ..parcel(64) };
    goes(&nats, &[last]).await;
    let kept = server.kept();
    assert_eq!(kept.len(), 65);
    for (number, Kept { subject, headers, body }) in kept.iter().enumerate() {
        let kind = if number == 64 { "user_erased" } else { "signed_in" };
        assert_eq!((subject, body), (&format!("{SUBJECT}.{kind}"), &format!("{{\"number\":{number}}}")));
        let id = Uuid::from_u128(number.try_into().unwrap());
        let lines: Vec<&str> = headers.lines().collect();
        let expected =
            ["NATS/1.0", &format!("Nats-Msg-Id: {id}"), "content-type: application/cloudevents+json", ""];
        assert_eq!(lines, expected);
    }
}

#[tokio::test]
async fn what_comes_twice_is_kept_once_and_taken_twice() {
    let Some(server) = NatsServer::start() else { return };
    server.stream(SUBJECT, &json!({}));
    goes(&to(&server), &parcels(0..3)).await;
    goes(&to(&server), &parcels(1..5)).await;
    assert_eq!(server.kept().len(), 5);
}

#[tokio::test]
async fn no_parcels_are_handed_over_at_once() {
    let Some(server) = NatsServer::start() else { return };
    goes(&to(&server), &[]).await;
}

#[tokio::test]
async fn where_no_stream_takes_them_it_is_said_which_one_is_missing() {
    let Some(server) = NatsServer::start() else { return };
    let nats = to(&server);
    let why = does_not_go(&nats, &parcels(0..2)).await;
    assert!(why.contains("no stream takes portcullis.events.>: make one"), "{why}");
    server.stream(SUBJECT, &json!({}));
    goes(&nats, &parcels(0..2)).await;
}

#[tokio::test]
async fn what_is_too_large_for_the_stream_is_said_of_it_alone() {
    let Some(server) = NatsServer::start() else { return };
    server.stream(SUBJECT, &json!({ "max_msg_size": 300 }));
    let large = Parcel { body: "x".repeat(300), ..parcel(2) };
    let nats = to(&server);
    let handed = hand_over(&nats, &[parcel(0), parcel(1), large, parcel(3)]).await;
    let Some(NotTaken::NotThisOne(why)) = handed.trouble else { panic!("{handed:?}") };
    assert_eq!((handed.taken, handed.later), (2, true));
    assert!(why.contains("size exceeds"), "{why}");
    goes(&nats, &[parcel(3)]).await;
    assert_eq!(server.kept().len(), 3);
}

/// Events are small: one that takes less than any of them may need is set up wrong.
#[tokio::test]
async fn a_server_that_takes_next_to_nothing_is_waited_for() {
    let Some(server) = NatsServer::with("max_payload: 400") else { return };
    server.stream(SUBJECT, &json!({}));
    let why = does_not_go(&to(&server), &parcels(0..2)).await;
    assert!(why.contains("400 bytes"), "{why}");
    assert_eq!(server.kept(), []);
}

/// The next would not go either, so it is none of this one's business.
#[tokio::test]
async fn a_stream_that_is_full_is_waited_for() {
    let Some(server) = NatsServer::start() else { return };
    server.stream(SUBJECT, &json!({ "max_msgs": 2, "discard": "new" }));
    let handed = hand_over(&to(&server), &parcels(0..4)).await;
    let Some(NotTaken::NotNow(why)) = handed.trouble else { panic!("{handed:?}") };
    assert_eq!((handed.taken, handed.later), (2, false));
    assert_eq!(why, "the stream says: maximum messages exceeded");
}

#[tokio::test]
async fn two_who_hand_over_at_once_do_not_take_each_others_answers() {
    let Some(server) = NatsServer::start() else { return };
    server.stream(SUBJECT, &json!({}));
    let nats = to(&server);
    let (first, second) = (parcels(0..40), parcels(40..80));
    tokio::join!(goes(&nats, &first), goes(&nats, &second));
    assert_eq!(server.kept().len(), 80);
}

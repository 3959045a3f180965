//! Servers that are not what they should be.

use std::time::Duration;

use tokio::time::timeout;

use super::{
    scripted::{FULL, INFO, KEPT, Scripted, TOO_LARGE},
    *,
};

#[tokio::test]
async fn a_late_answer_is_not_taken_for_one_to_what_was_published_later() {
    let server = Scripted::new().await;
    let nats = nats(server.broker());
    let script = async {
        let mut guest = server.lets_in().await;
        let replies = [guest.publishes().await, guest.publishes().await, guest.publishes().await];
        guest.is_answered(&replies[0], TOO_LARGE).await;
        guest.is_answered(&replies[1], KEPT).await;
        let fourth = guest.publishes().await;
        assert!(!replies.contains(&fourth));
        guest.is_answered(&replies[2], KEPT).await;
        guest.is_answered(&fourth, FULL).await;
        guest
    };
    let calls = async {
        let handed = hand_over(&nats, &parcels(0..3)).await;
        assert!(matches!(handed.trouble, Some(NotTaken::NotThisOne(_))), "{handed:?}");
        assert_eq!(does_not_go(&nats, &parcels(3..4)).await, "the stream says: full");
    };
    tokio::join!(script, calls);
}

#[tokio::test]
async fn answers_in_another_order_are_those_to_what_they_are_to() {
    let server = Scripted::new().await;
    let nats = nats(server.broker());
    let script = async {
        let mut guest = server.lets_in().await;
        let (first, second) = (guest.publishes().await, guest.publishes().await);
        guest.is_answered(&second, FULL).await;
        guest.hears("PING\r\n").await;
        assert_eq!(guest.says().await, "PONG\r\n");
        guest.is_answered(&first, KEPT).await;
        guest
    };
    let (_guest, handed) = tokio::join!(script, async { hand_over(&nats, &parcels(0..2)).await });
    assert_eq!((handed.taken, handed.trouble.is_some()), (1, true));
}

#[tokio::test]
async fn whether_any_behind_the_one_that_was_not_taken_was_taken_is_told() {
    for (answers, later) in [
        ([FULL, FULL, KEPT], true),
        ([TOO_LARGE, KEPT, FULL], true),
        ([KEPT, FULL, KEPT], true),
        ([KEPT, FULL, FULL], false),
        ([KEPT, KEPT, FULL], false),
    ] {
        let server = Scripted::new().await;
        let nats = nats(server.broker());
        let script = async {
            let mut guest = server.lets_in().await;
            for answer in answers {
                let reply = guest.publishes().await;
                guest.is_answered(&reply, answer).await;
            }
            guest
        };
        let (_guest, handed) = tokio::join!(script, async { hand_over(&nats, &parcels(0..3)).await });
        let taken = answers.iter().take_while(|answer| **answer == KEPT).count();
        assert_eq!((handed.taken, handed.later), (taken, later), "{answers:?}: {handed:?}");
    }
}

/// Whether the others are taken is nobody's question any more where their answers do not come.
#[tokio::test]
async fn a_refusal_is_told_though_the_server_falls_silent_behind_it() {
    let server = Scripted::new().await;
    let nats = nats(server.broker());
    let script = async {
        let mut guest = server.lets_in().await;
        let reply = guest.publishes().await;
        guest.is_answered(&reply, FULL).await;
        guest
    };
    let (_guest, why) = tokio::join!(script, async { does_not_go(&nats, &parcels(0..2)).await });
    assert_eq!(why, "the stream says: full");
}

#[tokio::test]
async fn what_was_taken_before_a_server_fell_silent_is_taken() {
    let server = Scripted::new().await;
    let nats = nats(server.broker());
    let script = async {
        let mut guest = server.lets_in().await;
        let reply = guest.publishes().await;
        guest.is_answered(&reply, KEPT).await;
        guest
    };
    let (_guest, handed) = tokio::join!(script, async { hand_over(&nats, &parcels(0..2)).await });
    assert_eq!((handed.taken, handed.trouble.is_some()), (1, true));
}

/// Anybody on the way can say so, before TLS: it would be given up, event by event.
#[tokio::test]
async fn r_55_a_server_that_takes_next_to_nothing_is_no_fault_of_an_event() {
    for most in [0, 1, 400, 65_535] {
        let server = Scripted::new().await;
        let info = INFO.replace("1000000", &most.to_string());
        let nats = nats(server.broker());
        let (_guest, why) =
            tokio::join!(server.greets(&info), async { does_not_go(&nats, &parcels(0..1)).await });
        assert!(why.contains(&format!("{most} bytes")), "{why}");
    }
}

#[tokio::test]
async fn a_secret_that_a_server_holds_out_to_us_is_not_repeated() {
    let server = Scripted::new().await;
    let nats = nats(Broker { login: Login::Token("fourteen-brass-kettles".into()), ..server.broker() });
    let script = async {
        let mut guest = server.greets(INFO).await;
        assert!(guest.says().await.contains("fourteen-brass-kettles"));
        guest.hears("-ERR 'not fourteen-brass-kettles, nor fourteen-\u{1}brass-kettles'\r\n").await;
        guest
    };
    let (_guest, why) = tokio::join!(script, async { does_not_go(&nats, &parcels(0..1)).await });
    assert!(why.ends_with("it says: not ***, nor ***"), "{why}");
}

/// It says so in the clear, before it has shown who it is.
#[tokio::test]
async fn r_55_where_a_server_sends_us_is_nowhere_we_go() {
    let (server, other) = (Scripted::new().await, Scripted::new().await);
    let elsewhere = other.0.local_addr().unwrap();
    let info = INFO.replace('{', &format!("{{\"host\":\"{elsewhere}\",\"connect_urls\":[\"{elsewhere}\"],"));
    let nats = nats(server.broker());
    for _ in 0..2 {
        let script = async { drop(server.greets(&info).await) };
        tokio::join!(script, async { does_not_go(&nats, &parcels(0..1)).await });
    }
    assert!(timeout(Duration::from_millis(200), other.0.accept()).await.is_err());
}

#[tokio::test]
async fn what_nobody_would_read_to_its_end_is_not_read() {
    let endless = format!("INFO {}", "x".repeat(200_000));
    for (said, about) in [(endless.as_str(), "more than anybody"), ("220 smtp ready\r\n", "no NATS")] {
        let server = Scripted::new().await;
        let nats = nats(server.broker());
        let (_guest, why) =
            tokio::join!(server.greets(said), async { does_not_go(&nats, &parcels(0..1)).await });
        assert!(why.contains(about), "{why}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_answer_any_more_is_not_read() {
    let server = Scripted::new().await;
    let nats = nats(server.broker());
    let script = async {
        let mut guest = server.lets_in().await;
        let reply = guest.publishes().await;
        guest.hears(&format!("MSG {reply} 1 4000000000\r\n")).await;
        guest
    };
    let (_guest, why) = tokio::join!(script, async { does_not_go(&nats, &parcels(0..1)).await });
    assert!(why.contains("more than anybody"), "{why}");
}

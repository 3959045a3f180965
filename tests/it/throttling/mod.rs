//! Many passwords for one account: how many are looked at, who waits, and who does not.

mod devices;
#[expect(clippy::float_cmp, reason = "what is counted is a whole number, also as Prometheus tells it")]
mod failover;
#[expect(clippy::float_cmp, reason = "what is counted is a whole number, also as Prometheus tells it")]
mod networks;
mod operators;

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::SignedDuration;
use portcullis::store::Store;
use serde_json::json;

use crate::support::{
    browser::{Answer, Browser, PASSWORD},
    figures::Figures,
    mail_server::MailServer,
    service::Service,
    stores::on_both_stores,
};

on_both_stores!(
    r_01_of_two_hundred_wrong_passwords_at_once_over_two_replicas_five_are_looked_at,
    r_02_a_stolen_session_is_no_way_to_guess_a_password,
    r_03_r_04_every_spelling_of_an_address_is_the_same_account,
    c_10_an_address_that_is_nobody_s_is_throttled_like_any_other,
    c_11_each_one_waits_twice_as_long_and_the_right_one_ends_it,
    c_11_choosing_another_password_by_mail_ends_it,
    c_11_after_a_hundred_none_is_looked_at,
    whoever_guesses_gains_nothing_by_the_owner_s_sign_in,
);

const ON: (&str, &str) = ("PORTCULLIS_THROTTLE_PRESET", "standard");
const ADA: &str = "ada@example.org";

/// This machine is one.
const BEHIND_A_PROXY: (&str, &str) = ("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.1/32");

async fn guess(browser: &mut Browser, email: &str) -> Answer {
    browser.sign_in(email, "a wrong password").await
}

/// How long to wait.
fn throttled(answer: &Answer) -> i64 {
    assert_eq!((answer.status, answer.codes()), (429, vec!["throttled".to_owned()]), "{answer:?}");
    answer.header("retry-after").unwrap().parse().unwrap()
}

async fn r_01_of_two_hundred_wrong_passwords_at_once_over_two_replicas_five_are_looked_at(
    store: Arc<dyn Store>,
) {
    let one = Service::with(Arc::clone(&store), &[ON]).await;
    let other = Service::at(store, &[ON], one.clock.clone()).await;
    Browser::at(&one).sign_up(ADA).await;
    let hashes = async || {
        let [one, other] = [Figures::of(one.internal).await, Figures::of(other.internal).await];
        [one, other]
            .map(|figures| figures.get("portcullis_hashing_time_seconds_count"))
            .into_iter()
            .sum::<f64>()
    };
    let before = hashes().await;
    let guesses = (0..200).map(|number| {
        let mut eve = Browser::at(if number % 2 == 0 { &one } else { &other });
        async move { guess(&mut eve, ADA).await }
    });
    let answers = join_all(guesses).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 400).count();
    assert!((1..=5).contains(&looked_at), "{looked_at}");
    let computed = hashes().await - before;
    assert!((1.0..=5.0).contains(&computed), "{computed}");
    for answer in answers.iter().filter(|answer| answer.status != 400) {
        throttled(answer);
    }
}

async fn r_02_a_stolen_session_is_no_way_to_guess_a_password(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    let mut ada = Browser::at(&service);
    ada.sign_up(ADA).await;
    let mut thief = ada.clone();
    let guesses = json!({ "currentPassword": "a wrong password", "newPassword": "another long enough one" });
    for _ in 0..5 {
        assert_eq!(thief.put("/api/users/password", guesses.clone()).await.codes(), ["invalid_credentials"]);
    }
    throttled(&thief.put("/api/users/password", guesses).await);
    // All that take it share the count.
    let email = json!({ "email": "eve@example.org", "password": PASSWORD });
    throttled(&thief.put("/api/users/email", email).await);
    let leaves = ada.try_ask(reqwest::Method::DELETE, "/api/users/me", Some(json!({ "password": PASSWORD })));
    throttled(&leaves.await.unwrap());
    // A sign-in is a count of its own.
    assert_eq!(Browser::at(&service).sign_in(ADA, PASSWORD).await.status, 200);
}

async fn r_03_r_04_every_spelling_of_an_address_is_the_same_account(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    let mut eve = Browser::at(&service);
    eve.sign_up("ada@bücher.example").await;
    let mut eve = Browser::at(&service);
    for email in [
        "ada@bücher.example",
        "ADA@bücher.example",
        " ada@BÜCHER.example ",
        "ada@xn--bcher-kva.example",
        "ada@bu\u{308}cher.example",
    ] {
        assert_eq!(guess(&mut eve, email).await.codes(), ["invalid_credentials"], "{email}");
    }
    throttled(&guess(&mut eve, "Ada@bücher.example").await);
    assert_eq!(guess(&mut eve, "bob@bücher.example").await.status, 400, "another account");
}

async fn c_10_an_address_that_is_nobody_s_is_throttled_like_any_other(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    Browser::at(&service).sign_up(ADA).await;
    let mut eve = Browser::at(&service);
    for _ in 0..8 {
        let (somebody, nobody) = (guess(&mut eve, ADA).await, guess(&mut eve, "nobody@example.org").await);
        let seen = |answer: &Answer| {
            let mut body = answer.json();
            body["requestId"] = json!(null);
            (answer.status, body, answer.header("retry-after").map(str::to_owned))
        };
        assert_eq!(seen(&somebody), seen(&nobody));
        service.clock.advance(SignedDuration::from_secs(1));
    }
}

async fn c_11_each_one_waits_twice_as_long_and_the_right_one_ends_it(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    Browser::at(&service).sign_up(ADA).await;
    let mut eve = Browser::at(&service);
    for _ in 0..4 {
        guess(&mut eve, ADA).await;
    }
    // To be told to wait is no try.
    for wait in [1, 2, 4, 8] {
        assert_eq!(guess(&mut eve, ADA).await.status, 400);
        service.clock.advance(SignedDuration::from_secs(wait) - SignedDuration::from_millis(1));
        throttled(&eve.sign_in(ADA, PASSWORD).await);
        service.clock.advance(SignedDuration::from_millis(1));
    }
    assert_eq!(eve.sign_in(ADA, PASSWORD).await.status, 200);
    for _ in 0..5 {
        assert_eq!(guess(&mut eve, ADA).await.status, 400);
    }
}

async fn c_11_choosing_another_password_by_mail_ends_it(store: Arc<dyn Store>) {
    let Some(server) = MailServer::start() else { return };
    let url = server.url();
    let service = Service::with(store, &[ON, ("PORTCULLIS_MAIL_URL", &url)]).await;
    let mut ada = Browser::at(&service);
    ada.sign_up(ADA).await;
    server.mail().await;
    let mut ada = Browser::at(&service);
    for _ in 0..5 {
        guess(&mut ada, ADA).await;
    }
    throttled(&ada.sign_in(ADA, PASSWORD).await);
    ada.post("/api/users/password/forgot", json!({ "email": ADA })).await;
    let new = "another long enough one";
    let wish = json!({ "token": server.mail().await.token(), "newPassword": new });
    assert_eq!(ada.post("/api/users/password/reset", wish).await.status, 204);
    assert_eq!(ada.sign_in(ADA, new).await.status, 200);
}

async fn c_11_after_a_hundred_none_is_looked_at(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    Browser::at(&service).sign_up(ADA).await;
    let mut eve = Browser::at(&service);
    for number in 0..100 {
        let answer = guess(&mut eve, ADA).await;
        assert_eq!(answer.status, 400, "{number}: {answer:?}");
        service.clock.advance(SignedDuration::from_mins(15));
    }
    assert!(throttled(&eve.sign_in(ADA, PASSWORD).await) > 29 * 24 * 3600);
}

async fn whoever_guesses_gains_nothing_by_the_owner_s_sign_in(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON, BEHIND_A_PROXY]).await;
    let (mut eve, mut ada) = (Browser::at(&service), Browser::at(&service));
    (eve.forwarded_for, ada.forwarded_for) = (Some("198.51.100.7".into()), Some("203.0.113.7".into()));
    ada.sign_up(ADA).await;
    ada.cookie = None;
    for _ in 0..5 {
        assert_eq!(guess(&mut eve, ADA).await.status, 400);
    }
    service.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(ada.sign_in(ADA, PASSWORD).await.status, 200);
    assert_eq!(guess(&mut eve, ADA).await.status, 400, "the sixth, after a second");
    assert_eq!(throttled(&guess(&mut eve, ADA).await), 3, "and no four more at once");
    // Somebody else has all of theirs.
    let mut bob = Browser::at(&service);
    bob.forwarded_for = Some("192.0.2.7".into());
    assert_eq!(guess(&mut bob, ADA).await.status, 400);
}

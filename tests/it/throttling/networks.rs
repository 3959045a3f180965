//! What one network may try of many accounts, and what it may ask for without any.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::SignedDuration;
use portcullis::{
    domain::{clock::Clock, sealed::KeySecrets, throttle::Curve},
    flows::list_throttle::{Counted, Listed, list_throttle},
    store::Store,
    system::vault::Vault,
};
use serde_json::json;

use super::{ADA, BEHIND_A_PROXY, ON, devices::device, guess, throttled};
use crate::support::{
    browser::{Answer, Browser, PASSWORD},
    figures::Figures,
    mail_server::MailServer,
    service::{KEY_SECRET, Service},
    stores::on_both_stores,
};

on_both_stores!(
    r_05_one_address_in_ten_spellings_and_a_thousand_of_a_64_are_one_network,
    behind_a_proxy_that_nobody_named_no_stranger_shuts_the_others_out,
    r_05_whatever_is_said_of_where_it_comes_from_an_account_has_one_count,
    c_51_a_network_that_tries_many_of_many_waits_a_day,
    c_50_ten_thousand_networks_get_no_more_tries_at_one_account_than_one,
    sign_ups_have_a_budget_for_each_network,
    whoever_is_sent_away_for_want_of_room_has_not_signed_up,
    forgotten_passwords_have_a_budget_for_each_network,
    wrong_tokens_from_mail_have_a_budget_for_each_network,
);

/// Another address each time, and so another pair.
async fn stuff(browser: &mut Browser, number: usize) -> Answer {
    guess(browser, &format!("user{number}@example.org")).await
}

async fn r_05_one_address_in_ten_spellings_and_a_thousand_of_a_64_are_one_network(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON, BEHIND_A_PROXY]).await;
    let mut eve = Browser::at(&service);
    let spellings = [
        "2001:db8:0:7::1",
        "2001:0db8:0000:0007:0000:0000:0000:0001",
        "2001:DB8:0:7::1",
        "2001:db8:0:7:0:0:0:1",
        "2001:db8::7:0:0:0:1",
        "2001:db8:0:7::0.0.0.1",
        "2001:db8:0:07::1",
        "2001:db8:0:7::01",
        " 2001:db8:0:7::1 ",
        "203.0.113.9, 2001:db8:0:7::1",
    ];
    let hosts = (0..1000).map(|host| format!("2001:db8:0:7:ffff:{host:x}::"));
    let mut looked_at = 0;
    for (number, from) in spellings.into_iter().map(str::to_owned).chain(hosts).enumerate() {
        eve.forwarded_for = Some(from);
        let answer = stuff(&mut eve, number).await;
        assert_eq!(answer.status, if number < 15 { 400 } else { 429 }, "{number}: {answer:?}");
        looked_at += usize::from(answer.status == 400);
    }
    assert_eq!(looked_at, 15);
    eve.forwarded_for = Some("2001:db8:0:8::1".into());
    assert_eq!(stuff(&mut eve, 0).await.status, 400, "another network");
}

/// This machine is near.
async fn behind_a_proxy_that_nobody_named_no_stranger_shuts_the_others_out(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    Browser::at(&service).sign_up(ADA).await;
    let mut eve = Browser::at(&service);
    for number in 0..30 {
        eve.forwarded_for = Some(format!("198.51.100.{}", number % 2));
        assert_eq!(stuff(&mut eve, number).await.status, 400, "{number}");
    }
    let mut ada = Browser::at(&service);
    ada.forwarded_for = Some("203.0.113.7".to_owned());
    assert_eq!(ada.sign_in(ADA, PASSWORD).await.status, 200);
    let health = Browser::to(service.internal).get("/health").await.json();
    assert_eq!(health["status"], "healthy");
    let told = health["warnings"].to_string();
    assert!(told.contains("127.0.0.1 says for whom it asks"), "{told}");
    service.clock.advance(SignedDuration::from_mins(10));
    let told = Browser::to(service.internal).get("/health").await.json()["warnings"].to_string();
    assert!(!told.contains("says for whom it asks"), "{told}");
}

async fn r_05_whatever_is_said_of_where_it_comes_from_an_account_has_one_count(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    let mut eve = Browser::at(&service);
    for number in 0..30 {
        eve.forwarded_for = Some(format!("198.51.100.{number}"));
        assert_eq!(guess(&mut eve, ADA).await.status, if number < 5 { 400 } else { 429 }, "{number}");
    }
    // Whoever says nothing is counted by what the connection says.
    eve.forwarded_for = None;
    for number in 0..30 {
        let status = stuff(&mut eve, number).await.status;
        assert_eq!(status, if number < 15 { 400 } else { 429 }, "{number}");
    }
}

async fn c_51_a_network_that_tries_many_of_many_waits_a_day(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    let mut ada = Browser::at(&service);
    let device = device(&ada.sign_up(ADA).await);
    let mut eve = Browser::at(&service);
    // Somebody who cannot remember which of two it was.
    for number in 0..40 {
        let answer = guess(&mut eve, if number % 2 == 0 { ADA } else { "ada@example.net" }).await;
        assert_eq!(answer.status, 400, "{number}: {answer:?}");
        service.clock.advance(SignedDuration::from_mins(15));
    }
    for number in 0..12 {
        assert_eq!(stuff(&mut eve, number).await.status, 400, "{number}");
    }
    // Of one account only the password has to be another.
    let another = eve.sign_in(ADA, "another wrong password").await;
    assert_eq!(another.status, 400);
    assert_eq!(throttled(&stuff(&mut eve, 15).await), 24 * 3600 + 1);
    let figures = Figures::of(service.internal).await;
    assert_eq!(figures.get("portcullis_throttled_total{what=\"network\"}"), 1.0);
    assert_eq!(figures.get("portcullis_throttled_total{what=\"account\"}"), 0.0);
    // The right password makes no exception, a browser that is known does.
    assert!(throttled(&eve.sign_in(ADA, PASSWORD).await) > 3600);
    let mut at_home = Browser::at(&service);
    at_home.cookie = Some(device);
    assert_eq!(at_home.sign_in(ADA, PASSWORD).await.status, 200);
    service.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(eve.sign_in(ADA, PASSWORD).await.status, 200);
}

/// Whom a single network would get looked at that tries once a minute, a hundred times.
fn of_one_network() -> usize {
    let (mut tries, mut waits) = (0, SignedDuration::ZERO);
    for minute in (0..100).map(SignedDuration::from_mins) {
        while minute >= waits {
            tries += 1;
            waits = minute + Curve::PASSWORDS.pause(tries);
        }
    }
    tries as usize
}

async fn c_50_ten_thousand_networks_get_no_more_tries_at_one_account_than_one(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON, BEHIND_A_PROXY]).await;
    Browser::at(&service).sign_up(ADA).await;
    let mut botnet: Vec<_> = (0..100).map(|_| Browser::at(&service)).collect();
    let mut looked_at = 0;
    for minute in 0..100 {
        let guesses = botnet.iter_mut().enumerate().map(async |(host, bot)| {
            bot.forwarded_for = Some(format!("198.51.{minute}.{host}"));
            guess(bot, ADA).await.status
        });
        let statuses = join_all(guesses).await;
        assert!(statuses.iter().all(|status| [400, 429].contains(status)), "{statuses:?}");
        looked_at += statuses.iter().filter(|status| **status == 400).count();
        service.clock.advance(SignedDuration::from_mins(1));
    }
    assert!((10..=of_one_network()).contains(&looked_at), "{looked_at} of {}", of_one_network());
}

async fn sign_ups_have_a_budget_for_each_network(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON, BEHIND_A_PROXY]).await;
    let mut eve = Browser::at(&service);
    eve.forwarded_for = Some("198.51.100.7".into());
    for number in 0..60 {
        eve.cookie = None;
        assert_eq!(eve.sign_up(&format!("user{number}@example.org")).await.status, 201, "{number}");
    }
    eve.cookie = None;
    assert_eq!(throttled(&eve.sign_up("zero@example.org").await), 3601);
    let figures = Figures::of(service.internal).await;
    assert_eq!(figures.get("portcullis_throttled_total{what=\"sign_up\"}"), 1.0);
    eve.forwarded_for = Some("198.51.100.8".into());
    assert_eq!(eve.sign_up("one@example.org").await.status, 201, "another network");
    eve.forwarded_for = Some("198.51.100.7".into());
    service.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(eve.sign_up("two@example.org").await.status, 201);
}

/// How often each of these was counted.
async fn counts(service: &Service, of: impl Fn(&Counted) -> bool) -> Vec<usize> {
    let (vault, mut found) = (Vault::new(&KeySecrets::parse(KEY_SECRET).unwrap()).unwrap(), Vec::new());
    let note = |listed: Listed| {
        found.extend(listed.counted.filter(&of).map(|_| listed.tries as usize));
        true
    };
    list_throttle(&*service.store, &vault, service.clock.now(), note).await.unwrap();
    found
}

async fn whoever_is_sent_away_for_want_of_room_has_not_signed_up(store: Arc<dyn Store>) {
    let service = Service::with(Arc::clone(&store), &[ON, BEHIND_A_PROXY]).await;
    let newcomers = (0..200).map(|number| {
        let mut browser = Browser::at(&service);
        browser.forwarded_for = Some(format!("198.51.100.{}", number % 4));
        let newcomer = json!({ "email": format!("user{number}@example.org"), "password": PASSWORD });
        async move {
            browser.try_ask(reqwest::Method::POST, "/api/users/signup", Some(newcomer)).await.unwrap().status
        }
    });
    let answers = join_all(newcomers.collect::<Vec<_>>()).await;
    let added = answers.iter().filter(|status| **status == 201).count();
    assert!(added > 0 && answers.contains(&503), "{answers:?}");
    let is_sign_up = |counted: &Counted| matches!(counted, Counted::SignUps { .. });
    let counted: usize = counts(&service, is_sign_up).await.into_iter().sum();
    assert_eq!(counted, added, "{answers:?}");
}

async fn forgotten_passwords_have_a_budget_for_each_network(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    let forgot = async |number| {
        let who = json!({ "email": format!("user{number}@example.org") });
        Browser::at(&service).post("/api/users/password/forgot", who).await
    };
    let asked = join_all((0..60).map(&forgot)).await;
    assert!(asked.iter().all(|answer| answer.status == 202), "{asked:?}");
    for _ in 0..3 {
        throttled(&forgot(60).await);
    }
    let is_forgotten = |counted: &Counted| matches!(counted, Counted::ForgottenPasswords { .. });
    assert_eq!(counts(&service, is_forgotten).await, [61], "of those that are refused the first is written");
}

async fn wrong_tokens_from_mail_have_a_budget_for_each_network(store: Arc<dyn Store>) {
    let Some(server) = MailServer::start() else { return };
    let url = server.url();
    let service = Service::with(store, &[ON, ("PORTCULLIS_MAIL_URL", &url)]).await;
    let mut ada = Browser::at(&service);
    ada.sign_up(ADA).await;
    let right = server.mail().await.token();
    let mut wrong = right.clone();
    wrong.replace_range(wrong.len() - 8.., "AAAAAAAA");
    for number in 0..60 {
        let wish = json!({ "token": wrong, "newPassword": "another long enough one" });
        let place = if number % 2 == 0 { "email/verify" } else { "password/reset" };
        let answer = ada.post(&format!("/api/users/{place}"), wish).await;
        assert_eq!(answer.codes(), ["token_invalid"], "{number}");
    }
    throttled(&ada.post("/api/users/email/verify", json!({ "token": wrong })).await);
    // Nobody is kept from what was mailed to them.
    assert_eq!(ada.post("/api/users/email/verify", json!({ "token": right })).await.status, 204);
}

//! What one network may try of many accounts, and what it may ask for without any.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::SignedDuration;
use portcullis::store::Store;
use serde_json::json;

use super::{ADA, BEHIND_A_PROXY, ON, devices::device, guess, throttled};
use crate::support::{
    browser::{Answer, Browser, PASSWORD},
    mail_server::MailServer,
    service::Service,
    stores::on_both_stores,
};

on_both_stores!(
    r_05_one_address_in_ten_spellings_and_a_thousand_of_a_64_are_one_network,
    r_05_what_a_stranger_says_about_where_it_comes_from_changes_nothing,
    c_51_a_network_that_tries_many_of_many_waits_a_day,
    c_50_ten_thousand_networks_get_no_more_tries_at_one_account_than_one,
    sign_ups_have_a_budget_for_each_network,
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

async fn r_05_what_a_stranger_says_about_where_it_comes_from_changes_nothing(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    let mut eve = Browser::at(&service);
    for number in 0..30 {
        eve.forwarded_for = Some(format!("198.51.100.{number}"));
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
        assert_eq!(guess(&mut eve, if number % 2 == 0 { ADA } else { "ada@example.net" }).await.status, 400);
        service.clock.advance(SignedDuration::from_mins(15));
    }
    for number in 0..12 {
        assert_eq!(stuff(&mut eve, number).await.status, 400, "{number}");
    }
    // Of one account only the password has to be another.
    let another = eve.sign_in(ADA, "another wrong password").await;
    assert_eq!(another.status, 400);
    assert_eq!(throttled(&stuff(&mut eve, 15).await), 24 * 3600 + 1);
    // The right password makes no exception, a browser that is known does.
    assert!(throttled(&eve.sign_in(ADA, PASSWORD).await) > 3600);
    let mut at_home = Browser::at(&service);
    at_home.cookie = Some(device);
    assert_eq!(at_home.sign_in(ADA, PASSWORD).await.status, 200);
    service.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(eve.sign_in(ADA, PASSWORD).await.status, 200);
}

async fn c_50_ten_thousand_networks_get_no_more_tries_at_one_account_than_one(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON, BEHIND_A_PROXY]).await;
    Browser::at(&service).sign_up(ADA).await;
    let botnet = (0..100_u8).map(|host| {
        let mut bot = Browser::at(&service);
        async move {
            let mut looked_at = 0;
            for round in 0..100_u8 {
                bot.forwarded_for = Some(format!("198.51.{round}.{host}"));
                looked_at += usize::from(guess(&mut bot, ADA).await.status == 400);
            }
            looked_at
        }
    });
    let looked_at: usize = join_all(botnet).await.into_iter().sum();
    assert!((1..=5).contains(&looked_at), "{looked_at}");
}

async fn sign_ups_have_a_budget_for_each_network(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON, BEHIND_A_PROXY]).await;
    let mut eve = Browser::at(&service);
    eve.forwarded_for = Some("198.51.100.7".into());
    let mut answers = Vec::new();
    loop {
        eve.cookie = None;
        let newcomer = json!({ "email": format!("user{}@example.org", answers.len()), "password": PASSWORD });
        let answer = eve.try_ask(reqwest::Method::POST, "/api/users/signup", Some(newcomer)).await.unwrap();
        if answer.status == 429 {
            assert_eq!(throttled(&answer), 3601);
            break;
        }
        answers.push(answer.status);
    }
    assert!(answers.len() == 60 && answers.contains(&201), "{answers:?}");
    eve.forwarded_for = Some("198.51.100.8".into());
    assert_eq!(eve.sign_up("one@example.org").await.status, 201, "another network");
    eve.forwarded_for = Some("198.51.100.7".into());
    service.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(eve.sign_up("two@example.org").await.status, 201);
}

async fn forgotten_passwords_have_a_budget_for_each_network(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    let forgot = async |number| {
        let who = json!({ "email": format!("user{number}@example.org") });
        Browser::at(&service).post("/api/users/password/forgot", who).await
    };
    let asked = join_all((0..60).map(&forgot)).await;
    assert!(asked.iter().all(|answer| answer.status == 202), "{asked:?}");
    throttled(&forgot(60).await);
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

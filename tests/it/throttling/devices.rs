//! Browsers that are known: what shows it, for whom, how long, and who gets one back by mail.

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::store::Store;
use reqwest::header::SET_COOKIE;
use serde_json::json;

use super::{ADA, ON, guess, throttled};
use crate::support::{
    browser::{Answer, Browser, PASSWORD},
    mail_server::MailServer,
    service::Service,
    stores::on_both_stores,
};

on_both_stores!(
    nobody_is_shut_out_of_their_own_browser_by_a_stranger,
    choosing_another_password_by_mail_lets_in_whoever_mistyped_it_in_their_own_browser,
    choosing_another_password_by_mail_lets_in_while_others_go_on_guessing,
    choosing_another_password_by_mail_lets_in_on_a_network_that_has_to_wait,
    whoever_returns_to_their_address_by_mail_gets_in_while_others_go_on_guessing,
    whoever_knew_an_earlier_password_is_a_stranger_in_every_browser,
    changing_the_password_keeps_the_browser_known_where_it_was_done,
    a_browser_is_known_for_four_hundred_days_after_the_latest_sign_in,
    people_at_one_computer_are_all_known_there,
    a_program_is_handed_no_cookie,
);

const NEW: &str = "another long enough one";

/// What shows from now on that the browser is known, with its name.
pub(super) fn device(answer: &Answer) -> String {
    let cookies = answer.headers.get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap());
    let device = cookies.filter(|cookie| cookie.starts_with("device=pcd_")).collect::<Vec<_>>();
    let [device] = device[..] else { panic!("{answer:?}") };
    assert!(device.contains("HttpOnly") && device.contains("SameSite=Lax"), "{device}");
    assert!(device.contains(&format!("Max-Age={}", 400 * 24 * 3600)), "{device}");
    device.split(';').next().unwrap().to_owned()
}

async fn sign_in_with(device: &str, service: &Service, email: &str, password: &str) -> Answer {
    let mut browser = Browser::at(service);
    browser.cookie = Some(device.to_owned());
    browser.sign_in(email, password).await
}

/// Until somebody without a cookie has to wait.
async fn close(service: &Service, email: &str) {
    let mut eve = Browser::at(service);
    for _ in 0..6 {
        if guess(&mut eve, email).await.status == 429 {
            return;
        }
    }
    panic!("whoever guesses is not held up");
}

/// Chooses another password with the next link that is mailed.
async fn reset(browser: &mut Browser, server: &MailServer, new: &str) -> String {
    let token = loop {
        let mail = server.mail().await;
        if mail.text().contains("/account/reset#") {
            break mail.token();
        }
    };
    let wish = json!({ "token": token, "newPassword": new });
    let answer = browser.post("/api/users/password/reset", wish).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(answer.headers.get_all(SET_COOKIE).iter().count(), 1, "nobody is signed in");
    device(&answer)
}

async fn forget_and_reset(browser: &mut Browser, server: &MailServer) -> String {
    browser.post("/api/users/password/forgot", json!({ "email": ADA })).await;
    reset(browser, server, NEW).await
}

async fn with_mail(store: Arc<dyn Store>) -> Option<(Service, MailServer)> {
    let server = MailServer::start()?;
    let url = server.url();
    Some((Service::with(store, &[ON, ("PORTCULLIS_MAIL_URL", &url)]).await, server))
}

async fn nobody_is_shut_out_of_their_own_browser_by_a_stranger(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    let device = device(&Browser::at(&service).sign_up(ADA).await);
    Browser::at(&service).sign_up("bob@example.org").await;
    close(&service, ADA).await;
    throttled(&Browser::at(&service).sign_in(ADA, PASSWORD).await);
    let (rest, end) = device.split_at(device.len() - 4);
    let made_up = format!("{rest}{}", if end == "AAAA" { "BBBA" } else { "AAAA" });
    throttled(&sign_in_with(&made_up, &service, ADA, PASSWORD).await);
    assert_eq!(sign_in_with(&device, &service, ADA, PASSWORD).await.status, 200);
    // What shows that one's browser is known is not worth anything for another account, and has a count of its own.
    close(&service, "bob@example.org").await;
    throttled(&sign_in_with(&device, &service, "bob@example.org", PASSWORD).await);
    for _ in 0..5 {
        assert_eq!(sign_in_with(&device, &service, ADA, "a wrong password").await.status, 400);
    }
    throttled(&sign_in_with(&device, &service, ADA, PASSWORD).await);
}

async fn choosing_another_password_by_mail_lets_in_whoever_mistyped_it_in_their_own_browser(
    store: Arc<dyn Store>,
) {
    let Some((service, server)) = with_mail(store).await else { return };
    let mut ada = Browser::at(&service);
    let before = device(&ada.sign_up(ADA).await);
    for _ in 0..12 {
        service.clock.advance(SignedDuration::from_mins(15));
        assert_eq!(sign_in_with(&before, &service, ADA, "a wrong password").await.status, 400);
    }
    assert!(throttled(&sign_in_with(&before, &service, ADA, PASSWORD).await) > 60);
    ada.cookie = Some(before);
    let device = forget_and_reset(&mut ada, &server).await;
    assert_eq!(sign_in_with(&device, &service, ADA, NEW).await.status, 200);
}

async fn choosing_another_password_by_mail_lets_in_while_others_go_on_guessing(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    Browser::at(&service).sign_up(ADA).await;
    close(&service, ADA).await;
    let device = forget_and_reset(&mut Browser::at(&service), &server).await;
    close(&service, ADA).await;
    throttled(&Browser::at(&service).sign_in(ADA, NEW).await);
    assert_eq!(sign_in_with(&device, &service, ADA, NEW).await.status, 200);
}

async fn choosing_another_password_by_mail_lets_in_on_a_network_that_has_to_wait(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    Browser::at(&service).sign_up(ADA).await;
    for number in 0..15 {
        guess(&mut Browser::at(&service), &format!("user{number}@example.org")).await;
    }
    assert!(throttled(&Browser::at(&service).sign_in(ADA, PASSWORD).await) > 3600);
    let device = forget_and_reset(&mut Browser::at(&service), &server).await;
    assert!(throttled(&Browser::at(&service).sign_in(ADA, NEW).await) > 3600);
    assert_eq!(sign_in_with(&device, &service, ADA, NEW).await.status, 200);
}

async fn whoever_returns_to_their_address_by_mail_gets_in_while_others_go_on_guessing(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let mut thief = Browser::at(&service);
    thief.sign_up(ADA).await;
    server.mail().await;
    thief.put("/api/users/email", json!({ "email": "thief@evil.example", "password": PASSWORD })).await;
    let mut verify = Browser::at(&service);
    for _ in ["there", "back"] {
        let token = json!({ "token": server.mail().await.token() });
        assert_eq!(verify.post("/api/users/email/verify", token).await.status, 204);
    }
    close(&service, ADA).await;
    let device = reset(&mut Browser::at(&service), &server, NEW).await;
    close(&service, ADA).await;
    assert_eq!(sign_in_with(&device, &service, ADA, NEW).await.status, 200);
}

async fn whoever_knew_an_earlier_password_is_a_stranger_in_every_browser(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    Browser::at(&service).sign_up(ADA).await;
    let mut collected = Vec::new();
    for _ in 0..3 {
        collected.push(device(&Browser::at(&service).sign_in(ADA, PASSWORD).await));
    }
    service.clock.advance(SignedDuration::from_millis(1));
    let device = forget_and_reset(&mut Browser::at(&service), &server).await;
    close(&service, ADA).await;
    for device in collected {
        throttled(&sign_in_with(&device, &service, ADA, "a wrong password").await);
    }
    assert_eq!(sign_in_with(&device, &service, ADA, NEW).await.status, 200);
}

async fn changing_the_password_keeps_the_browser_known_where_it_was_done(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    let mut ada = Browser::at(&service);
    let before = device(&ada.sign_up(ADA).await);
    service.clock.advance(SignedDuration::from_millis(1));
    ada.cookie = ada.cookie.map(|session| format!("{session}; {before}"));
    let wish = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    let after = device(&ada.put("/api/users/password", wish).await);
    close(&service, ADA).await;
    throttled(&sign_in_with(&before, &service, ADA, NEW).await);
    assert_eq!(sign_in_with(&after, &service, ADA, NEW).await.status, 200);
}

async fn a_browser_is_known_for_four_hundred_days_after_the_latest_sign_in(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    let first = device(&Browser::at(&service).sign_up(ADA).await);
    service.clock.advance(SignedDuration::from_hours(1));
    let second = device(&sign_in_with(&first, &service, ADA, PASSWORD).await);
    service.clock.advance(SignedDuration::from_hours(400 * 24 - 1));
    close(&service, ADA).await;
    throttled(&sign_in_with(&first, &service, ADA, PASSWORD).await);
    assert_eq!(sign_in_with(&second, &service, ADA, PASSWORD).await.status, 200);
}

async fn people_at_one_computer_are_all_known_there(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    let mut shared = Browser::at(&service);
    let mut devices = String::new();
    let people: Vec<_> = (0..5).map(|number| format!("user{number}@example.org")).collect();
    for email in &people {
        shared.cookie = Some(devices);
        devices = device(&shared.sign_up(email).await);
        close(&service, email).await;
    }
    for (number, email) in people.iter().enumerate() {
        let answer = sign_in_with(&devices, &service, email, "a wrong password").await;
        // A cookie has room for four.
        assert_eq!(answer.status, if number == 0 { 429 } else { 400 }, "{email}");
    }
    // Whoever comes back is not there twice.
    let again = device(&sign_in_with(&devices, &service, &people[2], PASSWORD).await);
    assert_eq!(again.len(), devices.len());
    assert_eq!(sign_in_with(&again, &service, &people[1], PASSWORD).await.status, 200);
}

async fn a_program_is_handed_no_cookie(store: Arc<dyn Store>) {
    let service = Service::with(store, &[ON]).await;
    let mut program = Browser::at(&service);
    let account = json!({ "email": ADA, "password": PASSWORD, "mode": "token" });
    let answer = program.post("/api/users/signup", account).await;
    program.token = answer.json()["accessToken"].as_str().map(str::to_owned);
    let wish = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    let changed = program.put("/api/users/password", wish).await;
    assert_eq!((changed.status, answer.set_cookie(), changed.set_cookie()), (204, None, None));
}

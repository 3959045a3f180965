//! A forgotten password: who asks for another one, and who chooses it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use jiff::SignedDuration;
use portcullis::store::Store;
use serde_json::json;

use super::{
    NEW, NEWER, assert_token_invalid, forgot, is_verified, newcomer, reset, verify, with_mail, with_mail_and,
};
use crate::support::{
    browser::{Browser, PASSWORD},
    patience::until,
    people::{People, email},
    stores::{on_both_stores, sqlite},
    wire,
};

on_both_stores!(
    c_30_c_32_whoever_reads_the_mail_chooses_another_password_and_every_session_ends,
    c_31_r_20_links_lead_to_the_configured_origin_whatever_a_request_says,
    r_18_the_token_says_whose_password_it_is_and_nothing_else_does,
    r_21_what_expired_is_refused_without_help,
    f_37_of_fifty_who_come_with_one_token_one_chooses,
    f_32_r_26_mail_goes_to_the_address_as_it_is_stored_and_to_no_look_alike,
    what_a_new_password_must_be_is_said_and_uses_up_nothing,
    only_so_many_are_written_to_one_address_within_an_hour,
    a_disabled_account_is_written_nothing,
);

async fn c_30_c_32_whoever_reads_the_mail_chooses_another_password_and_every_session_ends(
    store: Arc<dyn Store>,
) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    let mut anybody = Browser::at(&service);
    let answer = forgot(&mut anybody, "ADA@example.org").await;
    assert_eq!((answer.status, answer.text.as_str()), (202, "{}"));
    let mail = server.mail().await;
    assert!(mail.link().starts_with("http://localhost:3000/account/reset#token=pcm_"), "{mail:?}");
    assert!(mail.text().contains("one hour") && mail.text().contains("If it was not you"), "{mail:?}");

    let answer = reset(&mut anybody, &mail.token(), NEW).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert!(cookies.iter().all(|cookie| cookie.as_bytes().starts_with(b"device=")), "nobody is signed in");
    assert_eq!(anybody.current_user().await, None);
    assert_eq!(ada.current_user().await, None, "every session has ended");
    assert_eq!(server.mail().await.subject(), "Your password for localhost was changed");
    assert_eq!(ada.sign_in("ada@example.org", PASSWORD).await.status, 400);
    assert_eq!(ada.sign_in("ada@example.org", NEW).await.status, 200);
    assert!(is_verified(&mut ada).await, "she reads what is sent there");
    assert_token_invalid(&reset(&mut anybody, &mail.token(), NEWER).await);
}

async fn c_31_r_20_links_lead_to_the_configured_origin_whatever_a_request_says(store: Arc<dyn Store>) {
    let proxies = [("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.1"), ("PORTCULLIS_MAIL_LIMIT", "100")];
    let Some((service, server)) = with_mail_and(store, &proxies).await else { return };
    newcomer(&service, &server, "ada@example.org").await;
    let body = br#"{"email":"ada@example.org"}"#;
    let path = "/api/users/password/forgot";
    let heads = [
        format!("POST {path} HTTP/1.1\r\nHost: evil.example\r\n"),
        format!("POST http://evil.example{path} HTTP/1.1\r\nHost: evil.example\r\n"),
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: ftp\r\n"
        ),
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nForwarded: host=evil.example;proto=https;for=1.2.3.4\r\n"
        ),
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Original-URL: http://evil.example/\r\nOrigin: http://evil.example\r\nReferer: http://evil.example/\r\n"
        ),
    ];
    for head in heads {
        let head = format!("{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        let answer = wire::send(service.public, &[head.as_bytes(), body].concat()).await;
        assert_eq!(answer.status, 202, "{head}: {answer:?}");
        let mail = server.mail().await;
        assert!(mail.link().starts_with("http://localhost:3000/account/reset#token="), "{head}: {mail:?}");
        assert!(!mail.0.to_string().contains("evil"), "{mail:?}");
    }
}

async fn r_18_the_token_says_whose_password_it_is_and_nothing_else_does(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    let (mut eve, _) = newcomer(&service, &server, "eve@example.org").await;
    let whom = ada.get("/api/users/currentuser").await.json()["currentUser"]["id"].clone();
    forgot(&mut eve, "eve@example.org").await;
    let token = server.mail().await.token();
    let body = json!({
        "token": token, "newPassword": NEW, "email": "ada@example.org", "userId": whom, "id": whom, "user": { "id": whom },
    });
    assert_eq!(eve.post("/api/users/password/reset?email=ada@example.org", body).await.status, 204);
    assert_eq!(Browser::at(&service).sign_in("ada@example.org", PASSWORD).await.status, 200);
    assert_eq!(Browser::at(&service).sign_in("ada@example.org", NEW).await.status, 400);
    assert_eq!(Browser::at(&service).sign_in("eve@example.org", NEW).await.status, 200);
    assert_eq!(ada.current_user().await.as_deref(), Some("ada@example.org"));
}

async fn r_21_what_expired_is_refused_without_help(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    newcomer(&service, &server, "ada@example.org").await;
    let mut anybody = Browser::at(&service);
    forgot(&mut anybody, "ada@example.org").await;
    let token = server.mail().await.token();
    service.clock.advance(SignedDuration::from_hours(1) - SignedDuration::from_secs(1));
    let refused = reset(&mut anybody, &token, "short").await;
    assert_eq!(refused.codes(), ["password_too_short"], "a second before the end it holds");
    service.clock.advance(SignedDuration::from_secs(2));
    assert_token_invalid(&reset(&mut anybody, &token, NEW).await);
}

async fn f_37_of_fifty_who_come_with_one_token_one_chooses(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    newcomer(&service, &server, "ada@example.org").await;
    let mut anybody = Browser::at(&service);
    forgot(&mut anybody, "ada@example.org").await;
    let token = server.mail().await.token();
    let all = (0..50).map(|number| {
        let (mut somebody, token) = (Browser::at(&service), token.clone());
        async move { reset(&mut somebody, &token, &format!("{NEW} {number}")).await }
    });
    let answers = join_all(all).await;
    let chosen: Vec<_> = (0..50).filter(|number| answers[*number].status == 204).collect();
    assert_eq!(chosen.len(), 1, "{answers:?}");
    answers.iter().filter(|answer| answer.status != 204).for_each(assert_token_invalid);
    let new = format!("{NEW} {}", chosen[0]);
    assert_eq!(anybody.sign_in("ada@example.org", &new).await.status, 200);
}

/// Each pair is one mailbox or two, and never one mailbox with two accounts.
async fn f_32_r_26_mail_goes_to_the_address_as_it_is_stored_and_to_no_look_alike(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail_and(store, &[("PORTCULLIS_MAIL_LIMIT", "100")]).await else {
        return;
    };
    let mut anybody = Browser::at(&service);
    let same = [
        ("ada@example.org", " ADA@EXAMPLE.ORG "),
        ("bee@b\u{fc}cher.example", "bee@xn--bcher-kva.example"),
        ("cyd@b\u{fc}cher.example", "cyd@bu\u{308}cher.example"),
        ("dee@example.org", "dee@\u{ff45}xample.org"),
    ];
    for (stored, typed) in same {
        newcomer(&service, &server, stored).await;
        let again = Browser::at(&service).sign_up(typed).await;
        assert_eq!(again.codes(), ["email_in_use"], "{typed}");
        assert_eq!(forgot(&mut anybody, typed).await.status, 202);
        let mail = server.mail().await;
        let ascii = stored.replace("b\u{fc}cher", "xn--bcher-kva");
        assert_eq!(mail.to(), ascii, "{typed}");
    }
    for other in ["a.da@example.org", "ada+x@example.org", "ada@exampl\u{435}.org", "ada@example.com"] {
        assert_eq!(forgot(&mut anybody, other).await.status, 202, "{other}");
    }
    let none = [
        "ada@example.org@evil.example",
        "ada@evil.example,ada@example.org",
        "\"ada@example.org\"@evil.example",
        "ada@example.org\r\nBcc: eve@evil.example",
        "ada@example.org.",
        "\u{430}da@example.org",
        "ada(comment)@example.org",
    ];
    for address in none {
        let answer = forgot(&mut anybody, address).await;
        assert_eq!((answer.status, answer.codes()), (400, vec!["email_invalid".to_owned()]), "{address}");
    }
    server.hears_nothing_for(Duration::from_secs(3));
}

async fn what_a_new_password_must_be_is_said_and_uses_up_nothing(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    newcomer(&service, &server, "ada@example.org").await;
    let mut anybody = Browser::at(&service);
    forgot(&mut anybody, "ada@example.org").await;
    let token = server.mail().await.token();
    for (new, code) in [
        ("", "password_required"),
        ("short", "password_too_short"),
        ("ada@example.org", "password_is_address"),
        ("password1", "password_leaked"),
        (PASSWORD, "password_reused"),
    ] {
        let answer = reset(&mut anybody, &token, new).await;
        assert_eq!((answer.status, answer.codes()), (400, vec![code.to_owned()]), "{new}");
        assert_eq!(answer.json()["errors"][0]["field"], "newPassword");
    }
    // Whoever has no token learns nothing of a password.
    let wrong = reset(&mut anybody, &format!("pcm_{}", "A".repeat(64)), "short").await;
    assert_token_invalid(&wrong);
    assert_token_invalid(&verify(&mut anybody, &token).await);
    assert_eq!(reset(&mut anybody, &token, NEW).await.status, 204);
}

async fn only_so_many_are_written_to_one_address_within_an_hour(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail_and(store, &[("PORTCULLIS_MAIL_LIMIT", "2")]).await else {
        return;
    };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    for _ in 0..5 {
        assert_eq!(forgot(&mut ada, "Ada@example.org").await.status, 202);
    }
    let (_, token) = (server.mail().await, server.mail().await.token());
    server.hears_nothing_for(Duration::from_secs(1));
    // Of each kind for itself: asking for the one does not keep the other away.
    assert_eq!(ada.post("/api/users/email/verification", json!({})).await.status, 202);
    assert!(server.mail().await.link().contains("/account/verify"));
    // What tells its owner of a change is not kept from them by it.
    assert_eq!(reset(&mut ada, &token, NEW).await.status, 204);
    assert!(server.mail().await.subject().contains("was changed"));
    service.clock.advance(SignedDuration::from_hours(1));
    forgot(&mut ada, "ada@example.org").await;
    server.mail().await.token();
}

async fn a_disabled_account_is_written_nothing(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    newcomer(&service, &server, "ada@example.org").await;
    let mut anybody = Browser::at(&service);
    forgot(&mut anybody, "ada@example.org").await;
    let token = server.mail().await.token();
    let email = email("ada@example.org");
    until("she is disabled", async || {
        let user = service.store.user_by_email(&email).await.unwrap().unwrap();
        service.store.replace_user(&user.disable(People::new().now())).await.is_ok()
    })
    .await;
    assert_token_invalid(&reset(&mut anybody, &token, NEW).await);
    assert_eq!(forgot(&mut anybody, "ada@example.org").await.status, 202);
    server.hears_nothing_for(Duration::from_secs(1));
}

/// Not even where little else is asked.
#[tokio::test]
async fn c_30_nobody_is_told_by_the_time_it_takes_whose_an_address_is() {
    let Some((service, server)) = with_mail_and(sqlite(), &[("PORTCULLIS_MAIL_LIMIT", "100")]).await else {
        return;
    };
    newcomer(&service, &server, "ada@example.org").await;
    let mut anybody = Browser::at(&service);
    let mut measured = Vec::new();
    for _ in 0..5 {
        let mut fastest = [Duration::MAX; 2];
        for _ in 0..15 {
            for (email, fastest) in ["ada@example.org", "nobody@example.org"].into_iter().zip(&mut fastest) {
                let begun = Instant::now();
                assert_eq!(forgot(&mut anybody, email).await.status, 202);
                *fastest = begun.elapsed().min(*fastest);
            }
        }
        let [known, unknown] = fastest;
        assert!(known.min(unknown) > Duration::from_millis(90), "{fastest:?}");
        if known.abs_diff(unknown) < Duration::from_millis(2) {
            return;
        }
        measured.push(fastest);
    }
    panic!("one can tell them apart: {measured:?}");
}

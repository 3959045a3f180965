//! Proving an address.

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::store::Store;
use serde_json::json;

use super::{assert_token_invalid, is_verified, newcomer, reset, verify, with_mail, with_mail_and};
use crate::support::{browser::Browser, stores::on_both_stores};

on_both_stores!(
    whoever_signs_up_proves_their_address_by_the_mail,
    a_link_may_be_asked_for_again_and_then_no_more,
    whoever_asks_too_often_is_told_when_to_come_back,
    f_37_of_fifty_who_come_with_one_token_one_is_served_and_a_look_uses_up_nothing,
    what_is_no_token_and_what_is_for_something_else_is_refused_alike,
);

async fn whoever_signs_up_proves_their_address_by_the_mail(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let mut ada = Browser::at(&service);
    ada.sign_up("Ada@Example.org").await;
    let mail = server.mail().await;

    assert_eq!(mail.to(), "Ada@example.org", "the local part as she writes it");
    assert!(mail.link().starts_with("http://localhost:3000/account/verify#token=pcm_"), "{mail:?}");
    assert!(mail.text().contains("24 hours") && mail.text().contains("If it is not yours"), "{mail:?}");
    assert!(!is_verified(&mut ada).await);

    // From another machine, where nobody is signed in.
    let answer = verify(&mut Browser::at(&service), &mail.token()).await;
    assert_eq!((answer.status, answer.text.as_str(), answer.set_cookie()), (204, "", None));
    assert!(is_verified(&mut ada).await);
    assert_token_invalid(&verify(&mut ada, &mail.token()).await);
}

async fn a_link_may_be_asked_for_again_and_then_no_more(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, first) = newcomer(&service, &server, "ada@example.org").await;
    service.clock.advance(SignedDuration::from_hours(24));
    assert_token_invalid(&verify(&mut ada, &first).await);

    let ask = async |browser: &mut Browser| browser.post("/api/users/email/verification", json!({})).await;
    assert_eq!(ask(&mut ada).await.status, 202);
    let second = server.mail().await.token();
    assert_eq!(verify(&mut ada, &second).await.status, 204);
    assert_eq!(ask(&mut ada).await.status, 202, "and nothing is sent");
    assert_eq!(ask(&mut Browser::at(&service)).await.status, 401);
    server.hears_nothing_for(std::time::Duration::from_secs(1));
}

async fn whoever_asks_too_often_is_told_when_to_come_back(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail_and(store, &[("PORTCULLIS_MAIL_LIMIT", "2")]).await else {
        return;
    };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    let ask = async |browser: &mut Browser| browser.post("/api/users/email/verification", json!({})).await;
    for _ in 0..2 {
        assert_eq!(ask(&mut ada).await.status, 202);
        server.mail().await;
    }
    for _ in 0..2 {
        let answer = ask(&mut ada).await;
        assert_eq!((answer.status, answer.codes()), (429, vec!["throttled".to_owned()]));
        assert_eq!(answer.header("retry-after"), Some("3601"));
    }
    service.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(ask(&mut ada).await.status, 202);
}

async fn f_37_of_fifty_who_come_with_one_token_one_is_served_and_a_look_uses_up_nothing(
    store: Arc<dyn Store>,
) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, token) = newcomer(&service, &server, "ada@example.org").await;
    // What a mail scanner does to a link.
    for path in ["/api/users/email/verify", "/account/verify"] {
        assert!(ada.get(&format!("{path}?token={token}")).await.status >= 400);
    }
    let all = (0..50).map(|_| {
        let (mut somebody, token) = (Browser::at(&service), token.clone());
        async move { verify(&mut somebody, &token).await }
    });
    let answers = futures_util::future::join_all(all).await;
    let done = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(done, 1);
    answers.iter().filter(|answer| answer.status != 204).for_each(assert_token_invalid);
    assert!(is_verified(&mut ada).await);
}

async fn what_is_no_token_and_what_is_for_something_else_is_refused_alike(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, token) = newcomer(&service, &server, "ada@example.org").await;
    let cookie = ada.cookie.clone().unwrap().split_once('=').unwrap().1.to_owned();
    let mut other = token.clone();
    other.replace_range(40..41, if &other[40..41] == "A" { "B" } else { "A" });
    for wrong in ["", "pcm_", &cookie, &other, &token[..token.len() - 1], "null"] {
        assert_token_invalid(&verify(&mut ada, wrong).await);
    }
    for body in [json!({}), json!({ "token": null }), json!({ "token": [token] }), json!({ "token": 7 })] {
        assert_token_invalid(&ada.post("/api/users/email/verify", body).await);
    }
    assert_token_invalid(&reset(&mut ada, &token, super::NEW).await);
    assert_eq!(verify(&mut ada, &token).await.status, 204, "none of that has used it up");
}

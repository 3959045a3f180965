//! A change of address: agreed to by whoever reads mail at the new one, and told to whoever reads it at the old one.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use jiff::SignedDuration;
use portcullis::store::Store;
use serde_json::json;

use super::{
    NEW, assert_token_invalid, change_email, forgot, is_verified, newcomer, reset, verify, with_mail,
    with_mail_and,
};
use crate::support::{
    browser::{Browser, PASSWORD},
    people::email,
    stores::on_both_stores,
};

on_both_stores!(
    c_12_the_new_address_agrees_and_the_old_one_is_told,
    c_12_the_old_address_takes_the_account_back,
    c_12_nobody_moves_without_the_password,
    nobody_learns_whether_an_address_is_taken_but_its_owner_that_it_was_wanted,
    f_35_one_address_is_one_account_also_when_somebody_moves_there,
    what_was_sent_to_an_address_of_before_holds_no_more,
    nobody_crowds_out_the_first_way_back,
    a_thief_s_way_back_does_not_end_the_owner_s,
    whoever_squats_on_an_address_makes_way_for_who_comes_back,
    a_move_that_was_asked_for_before_ends_with_the_sessions,
    one_user_has_only_so_many_addresses_asked,
    r_21_a_move_and_a_way_back_end_when_they_are_said_to,
    f_37_of_fifty_who_come_with_one_token_one_moves_and_one_comes_back,
);

async fn c_12_the_new_address_agrees_and_the_old_one_is_told(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    let answer = change_email(&mut ada, "ada@lovelace.example", PASSWORD).await;
    assert_eq!((answer.status, answer.text.as_str()), (202, "{}"));
    let mail = server.mail().await;
    assert_eq!(mail.to(), "ada@lovelace.example");
    assert!(mail.link().starts_with("http://localhost:3000/account/email#token="), "{mail:?}");
    assert_eq!(
        ada.current_user().await.as_deref(),
        Some("ada@example.org"),
        "not before she has agreed there"
    );

    assert_eq!(verify(&mut Browser::at(&service), &mail.token()).await.status, 204);
    assert_eq!(ada.current_user().await.as_deref(), Some("ada@lovelace.example"));
    assert!(is_verified(&mut ada).await);
    let told = server.mail().await;
    assert_eq!(told.to(), "ada@example.org");
    assert!(told.text().contains("7 days") && !told.text().contains("lovelace"), "{told:?}");
    assert_eq!(Browser::at(&service).sign_in("ada@lovelace.example", PASSWORD).await.status, 200);
    assert_eq!(Browser::at(&service).sign_in("ada@example.org", PASSWORD).await.status, 400);
}

async fn c_12_the_old_address_takes_the_account_back(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    newcomer(&service, &server, "ada@example.org").await;
    // Somebody who knows the password.
    let mut thief = Browser::at(&service);
    thief.sign_in("ada@example.org", PASSWORD).await;
    change_email(&mut thief, "thief@evil.example", PASSWORD).await;
    verify(&mut thief, &server.mail().await.token()).await;
    let back = server.mail().await.token();
    service.clock.advance(SignedDuration::from_hours(6 * 24));

    assert_eq!(verify(&mut Browser::at(&service), &back).await.status, 204);
    assert_eq!(thief.current_user().await, None, "every session has ended");
    for address in ["ada@example.org", "thief@evil.example"] {
        assert_eq!(thief.sign_in(address, PASSWORD).await.status, 400, "the password holds no more");
    }
    let told = server.mail().await;
    assert!(told.to() == "thief@evil.example" && told.subject().contains("taken back"), "{told:?}");
    let mail = server.mail().await;
    assert!(mail.to() == "ada@example.org" && mail.text().contains("it has none now"), "{mail:?}");
    let refused = reset(&mut Browser::at(&service), &mail.token(), PASSWORD).await;
    assert_eq!(refused.codes(), ["password_reused"], "the thief knows that one");
    assert_eq!(reset(&mut Browser::at(&service), &mail.token(), NEW).await.status, 204);
    assert_eq!(Browser::at(&service).sign_in("ada@example.org", NEW).await.status, 200);
    assert_token_invalid(&verify(&mut thief, &back).await);
}

async fn c_12_nobody_moves_without_the_password(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    let refused = change_email(&mut ada, "ada@lovelace.example", "wrong").await;
    assert_eq!((refused.status, refused.codes()), (400, vec!["invalid_credentials".to_owned()]));
    assert_eq!(change_email(&mut ada, "ada@", PASSWORD).await.codes(), ["email_invalid"]);
    assert_eq!(ada.put("/api/users/email", json!({})).await.codes(), ["email_invalid", "password_required"]);
    let stranger = change_email(&mut Browser::at(&service), "ada@lovelace.example", PASSWORD).await;
    assert_eq!((stranger.status, stranger.codes()), (401, vec!["not_signed_in".to_owned()]));
    let mut elsewhere = ada.clone();
    elsewhere.origin = "https://evil.example".to_owned();
    assert_eq!(change_email(&mut elsewhere, "ada@lovelace.example", PASSWORD).await.status, 403);
    server.hears_nothing_for(Duration::from_secs(1));
}

async fn nobody_learns_whether_an_address_is_taken_but_its_owner_that_it_was_wanted(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    newcomer(&service, &server, "ada@example.org").await;
    let (mut eve, _) = newcomer(&service, &server, "eve@example.org").await;
    let (free, taken) = (
        change_email(&mut eve, "nobody@example.org", PASSWORD).await,
        change_email(&mut eve, "ADA@example.org", PASSWORD).await,
    );
    assert_eq!((free.status, &free.text), (taken.status, &taken.text));
    // Nor by what is kept of her: the later one took the place of the first, taken or not.
    let links = eve.get("/api/users/me/export").await.json()["links"].clone();
    let moves: Vec<_> = links.as_array().unwrap().iter().filter(|link| link["purpose"] == "move").collect();
    assert!(moves.len() == 1 && moves[0]["email"] == "ADA@example.org", "{links}");
    let mails = [server.mail().await, server.mail().await];
    let told = mails.iter().find(|mail| mail.to() == "ada@example.org").unwrap();
    assert!(told.subject().contains("You have an account") && !told.text().contains("token"), "{told:?}");
}

/// Two who move to one address, and fifty who sign up with it: the index decides, and nobody is told they have what they have not.
async fn f_35_one_address_is_one_account_also_when_somebody_moves_there(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail_and(store, &[("PORTCULLIS_MAIL_LIMIT", "100")]).await else {
        return;
    };
    let mut tokens = Vec::new();
    for mover in ["ada@example.org", "bob@example.org"] {
        let (mut browser, _) = newcomer(&service, &server, mover).await;
        change_email(&mut browser, "wanted@example.org", PASSWORD).await;
        tokens.push(server.mail().await.token());
    }
    let movers = tokens.iter().map(|token| {
        let mut somebody = Browser::at(&service);
        async move { verify(&mut somebody, token).await.status == 204 }
    });
    let newcomers = (0..20).map(|_| {
        let mut somebody = Browser::at(&service);
        async move { somebody.sign_up("wanted@example.org").await.status == 201 }
    });
    let (moved, came) = tokio::join!(join_all(movers), join_all(newcomers));
    let have_it = moved.iter().chain(&came).filter(|has| **has).count();
    assert_eq!(have_it, 1, "{moved:?} {came:?}");
}

async fn what_was_sent_to_an_address_of_before_holds_no_more(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, verification) = newcomer(&service, &server, "ada@example.org").await;
    forgot(&mut ada, "ada@example.org").await;
    let old_reset = server.mail().await.token();
    change_email(&mut ada, "ada@lovelace.example", PASSWORD).await;
    let first_move = server.mail().await.token();
    change_email(&mut ada, "ada@byron.example", PASSWORD).await;
    let second_move = server.mail().await.token();
    assert_token_invalid(&verify(&mut ada, &first_move).await);
    assert_eq!(verify(&mut ada, &second_move).await.status, 204);
    assert_token_invalid(&verify(&mut ada, &verification).await);
    assert_token_invalid(&reset(&mut ada, &old_reset, NEW).await);
    assert_eq!(ada.current_user().await.as_deref(), Some("ada@byron.example"));
}

/// A thief who moves on and on cannot make the owner's way back go.
async fn nobody_crowds_out_the_first_way_back(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail_and(store, &[("PORTCULLIS_MAIL_LIMIT", "100")]).await else {
        return;
    };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    let mut back = None;
    for number in 0..4 {
        change_email(&mut ada, &format!("thief{number}@evil.example"), PASSWORD).await;
        verify(&mut ada, &server.mail().await.token()).await;
        let told = server.mail().await;
        if number == 0 {
            back = Some(told.token());
        } else if number > 1 {
            assert!(!told.text().contains("token"), "{told:?}");
        }
    }
    assert_eq!(verify(&mut Browser::at(&service), &back.unwrap()).await.status, 204);
    let told = [server.mail().await, server.mail().await];
    let told: Vec<_> = told.iter().map(crate::support::mail_server::Received::to).collect();
    assert_eq!(told, ["thief3@evil.example", "ada@example.org"]);
    assert_eq!(ada.current_user().await, None);
}

/// A thief who takes a way back of their own does not end hers.
async fn a_thief_s_way_back_does_not_end_the_owner_s(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail_and(store, &[("PORTCULLIS_MAIL_LIMIT", "100")]).await else {
        return;
    };
    let (mut thief, _) = newcomer(&service, &server, "ada@example.org").await;
    let mut back = Vec::new();
    for address in ["thief0@evil.example", "thief1@evil.example"] {
        change_email(&mut thief, address, PASSWORD).await;
        verify(&mut thief, &server.mail().await.token()).await;
        back.push(server.mail().await.token());
    }
    assert_eq!(verify(&mut thief, &back[1]).await.status, 204);
    assert_eq!(verify(&mut Browser::at(&service), &back[0]).await.status, 204);
    assert!(service.store.user_by_email(&email("ada@example.org")).await.unwrap().is_some());
}

/// Nor by making an account at the address that she left, which they cannot prove.
async fn whoever_squats_on_an_address_makes_way_for_who_comes_back(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut thief, _) = newcomer(&service, &server, "ada@example.org").await;
    let id = service.store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap().id();
    change_email(&mut thief, "thief@evil.example", PASSWORD).await;
    verify(&mut thief, &server.mail().await.token()).await;
    let back = server.mail().await.token();
    let (mut squatter, _) = newcomer(&service, &server, "ada@example.org").await;
    assert_eq!(verify(&mut Browser::at(&service), &back).await.status, 204);
    let owner = service.store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
    assert_eq!(owner.id(), id);
    assert_eq!(squatter.current_user().await, None);
}

/// Whoever asked for it has been signed out since, or their password is another's by now.
async fn a_move_that_was_asked_for_before_ends_with_the_sessions(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail_and(store, &[("PORTCULLIS_MAIL_LIMIT", "100")]).await else {
        return;
    };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    let mut thief = Browser::at(&service);
    thief.sign_in("ada@example.org", PASSWORD).await;
    change_email(&mut thief, "thief@evil.example", PASSWORD).await;
    let token = server.mail().await.token();
    ada.post("/api/users/signout-all", json!({ "keepCurrent": true })).await;
    assert_token_invalid(&verify(&mut thief, &token).await);

    thief.sign_in("ada@example.org", PASSWORD).await;
    change_email(&mut thief, "thief@evil.example", PASSWORD).await;
    let token = server.mail().await.token();
    forgot(&mut ada, "ada@example.org").await;
    assert_eq!(reset(&mut ada, &server.mail().await.token(), NEW).await.status, 204);
    assert_token_invalid(&verify(&mut thief, &token).await);
}

/// Whoever may have a few addresses asked may not have all the world's.
async fn one_user_has_only_so_many_addresses_asked(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail_and(store, &[("PORTCULLIS_MAIL_LIMIT", "2")]).await else {
        return;
    };
    let (mut eve, _) = newcomer(&service, &server, "eve@example.org").await;
    for number in 0..4 {
        let answer = change_email(&mut eve, &format!("stranger{number}@example.org"), PASSWORD).await;
        assert_eq!(answer.status, if number < 2 { 202 } else { 429 }, "{answer:?}");
    }
    let asked = [server.mail().await, server.mail().await];
    assert!(asked.iter().all(|mail| mail.to().starts_with("stranger")));
    server.hears_nothing_for(Duration::from_secs(1));
}

async fn r_21_a_move_and_a_way_back_end_when_they_are_said_to(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    change_email(&mut ada, "ada@lovelace.example", PASSWORD).await;
    let late = server.mail().await.token();
    service.clock.advance(SignedDuration::from_hours(1));
    assert_token_invalid(&verify(&mut ada, &late).await);

    change_email(&mut ada, "ada@lovelace.example", PASSWORD).await;
    let token = server.mail().await.token();
    service.clock.advance(SignedDuration::from_hours(1) - SignedDuration::from_secs(1));
    assert_eq!(verify(&mut ada, &token).await.status, 204);
    let back = server.mail().await.token();
    service.clock.advance(SignedDuration::from_hours(7 * 24));
    assert_token_invalid(&verify(&mut ada, &back).await);
}

async fn f_37_of_fifty_who_come_with_one_token_one_moves_and_one_comes_back(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail(store).await else { return };
    let (mut ada, _) = newcomer(&service, &server, "ada@example.org").await;
    change_email(&mut ada, "ada@lovelace.example", PASSWORD).await;
    for address in ["ada@lovelace.example", "ada@example.org"] {
        let mut mail = server.mail().await;
        while mail.subject().contains("taken back") || !mail.text().contains("#token=") {
            mail = server.mail().await;
        }
        let token = mail.token();
        let all = (0..50).map(|_| {
            let (mut somebody, token) = (Browser::at(&service), token.clone());
            async move { verify(&mut somebody, &token).await }
        });
        let answers = join_all(all).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1, "{address}");
        answers.iter().filter(|answer| answer.status != 204).for_each(assert_token_invalid);
        let owner = service.store.user_by_email(&email(address)).await.unwrap();
        assert!(owner.is_some(), "{address}");
    }
}

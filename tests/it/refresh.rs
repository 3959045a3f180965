//! Refreshing: tokens and cookies give way to their successors, asked over HTTP.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use jiff::SignedDuration;
use portcullis::{
    domain::{clock::Clock, event::EventKind, id::UserId, session::EndReason},
    store::Store,
};
use serde_json::json;

use crate::support::{
    browser::{Browser, PASSWORD},
    events::events_of,
    people::email,
    service::{self, Service},
    stores::on_both_stores,
};

on_both_stores!(
    a_program_gets_tokens_and_no_cookie,
    a_refresh_token_gives_way_to_its_successor,
    f_36_a_repeat_within_the_grace_gets_the_same_successor,
    f_36_fifty_who_race_get_one_successor,
    f_36_a_later_repeat_ends_the_session,
    f_36_so_does_a_token_of_long_ago,
    without_a_grace_the_second_use_ends_the_session,
    a_made_up_token_ends_nothing,
    n_19_a_refresh_is_a_use_and_no_more,
    a_cookie_gets_an_access_token_and_is_renewed_when_due,
    a_lost_answer_signs_no_browser_out,
    one_mode_does_not_stand_in_for_the_other,
    f_44_who_is_disabled_gets_nothing_new,
    r_12_what_was_used_up_stays_so_for_a_fresh_process,
    a_replica_that_does_not_know_the_key_secret_yet_ends_nothing,
);

/// 32 bytes of nothing in particular, so that a second service opens what the first one sealed.
const KEY_SECRET: (&str, &str) = ("PORTCULLIS_KEY_SECRET", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");

async fn a_program_gets_tokens_and_no_cookie(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut program = Browser::at(&service);
    let account = json!({ "email": "ada@example.org", "password": PASSWORD, "mode": "token" });
    for (path, status) in [("/api/users/signup", 201), ("/api/users/signin", 200)] {
        let answer = program.post(path, account.clone()).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.set_cookie(), None);
        let body = answer.json();
        assert_eq!(body["user"]["email"], "ada@example.org");
        assert_eq!((&body["tokenType"], &body["expiresIn"]), (&json!("Bearer"), &json!(600)));
        assert_eq!(body["refreshExpiresIn"], json!(14 * 24 * 60 * 60));
        let token = body["accessToken"].as_str().unwrap();
        assert_eq!(program.current_user_with(token).await.as_deref(), Some("ada@example.org"));
    }
    let wrong = program
        .post("/api/users/signin", json!({ "email": "a@b.cd", "password": PASSWORD, "mode": "both" }))
        .await;
    assert_eq!((wrong.status, wrong.codes()), (400, vec!["mode_invalid".to_owned()]));
}

async fn a_refresh_token_gives_way_to_its_successor(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (mut program, mut token) = program(&service).await;
    for _ in 0..3 {
        service.clock.advance(SignedDuration::from_mins(9));
        let answer = program.refresh(&token).await;
        assert_eq!((answer.status, answer.set_cookie()), (200, None), "{answer:?}");
        let next = answer.json()["refreshToken"].as_str().unwrap().to_owned();
        assert_ne!(next, token);
        let access = answer.json()["accessToken"].as_str().unwrap().to_owned();
        assert!(program.current_user_with(&access).await.is_some());
        token = next;
    }
}

async fn f_36_a_repeat_within_the_grace_gets_the_same_successor(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (mut program, token) = program(&service).await;
    let first = program.refresh(&token).await.json()["refreshToken"].clone();
    service.clock.advance(SignedDuration::from_secs(9));
    let again = program.refresh(&token).await;
    assert_eq!((again.status, &again.json()["refreshToken"]), (200, &first), "{again:?}");
}

async fn f_36_fifty_who_race_get_one_successor(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (program, token) = program(&service).await;
    let answers = join_all((0..50).map(|_| {
        let (mut program, token) = (program.clone(), token.clone());
        async move { program.refresh(&token).await }
    }))
    .await;
    let successors: Vec<_> = answers.iter().map(|answer| answer.json()["refreshToken"].clone()).collect();
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert!(successors.iter().all(|successor| *successor == successors[0]));
    let sessions = service.store.sessions_of(ada(&service).await, service.clock.now()).await.unwrap();
    assert_eq!((sessions.len(), sessions[0].generation), (1, 1), "one live leaf");
}

async fn f_36_a_later_repeat_ends_the_session(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (mut program, token) = program(&service).await;
    let next = program.refresh(&token).await.json();
    service.clock.advance(SignedDuration::from_secs(10));

    let reused = program.refresh(&token).await;

    assert_eq!((reused.status, reused.codes()), (401, vec!["session_ended".to_owned()]));
    let next_token = next["refreshToken"].as_str().unwrap();
    assert_eq!(program.refresh(next_token).await.status, 401, "the family is dead");
    assert_eq!(program.current_user_with(next["accessToken"].as_str().unwrap()).await, None);
    let mut events = events_of(&*service.store, ada(&service).await).await;
    events.retain(|event| event.kind == EventKind::RefreshReuse);
    assert_eq!(events.len(), 1);
    let session = events[0].session_id().unwrap();
    let (session, _) = service.store.session_by_id(session).await.unwrap().unwrap();
    assert_eq!(session.ended.unwrap().reason, EndReason::RefreshReuse);
}

async fn f_36_so_does_a_token_of_long_ago(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (mut program, first) = program(&service).await;
    let mut token = first.clone();
    for _ in 0..5 {
        token = program.refresh(&token).await.json()["refreshToken"].as_str().unwrap().to_owned();
    }
    assert_eq!(program.refresh(&first).await.status, 401);
    assert_eq!(program.refresh(&token).await.status, 401, "the family is dead");
}

async fn without_a_grace_the_second_use_ends_the_session(store: Arc<dyn Store>) {
    let service = Service::with(store, &[("PORTCULLIS_SESSION_GRACE", "0s")]).await;
    let (mut program, token) = program(&service).await;
    let next = program.refresh(&token).await.json()["refreshToken"].as_str().unwrap().to_owned();
    assert_eq!(program.refresh(&token).await.status, 401);
    assert_eq!(program.refresh(&next).await.status, 401);
}

async fn a_made_up_token_ends_nothing(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (mut program, token) = program(&service).await;
    let changed = |at: usize| {
        let mut text = token.clone().into_bytes();
        text[at] = if text[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(text).unwrap()
    };
    for guess in [
        changed(6),
        changed(27),
        changed(60),
        token[..40].to_owned(),
        token.replace("pcr_", "pcs_"),
        String::new(),
    ] {
        let answer = program.refresh(&guess).await;
        assert_eq!((answer.status, answer.codes()), (401, vec!["session_ended".to_owned()]), "{guess}");
    }
    for wrong in [json!({ "refreshToken": 7 }), json!({ "refreshToken": [token] })] {
        assert_eq!(program.post("/api/users/refresh", wrong).await.codes(), ["refresh_token_invalid"]);
    }
    assert_eq!(program.post("/api/users/refresh", json!({})).await.status, 401, "nothing is presented");
    assert_eq!(program.refresh(&token).await.status, 200);
}

async fn n_19_a_refresh_is_a_use_and_no_more(store: Arc<dyn Store>) {
    let service = Service::with(store, &[("PORTCULLIS_SESSION_PRESET", "aal2")]).await;
    let (mut program, mut token) = program(&service).await;
    for _ in 0..29 {
        service.clock.advance(SignedDuration::from_mins(49));
        token = program.refresh(&token).await.json()["refreshToken"].as_str().unwrap().to_owned();
    }
    let answer = program.refresh(&token).await;
    assert!(answer.json()["refreshExpiresIn"].as_i64().unwrap() <= 19 * 60, "no token outlives its session");
    let token = answer.json()["refreshToken"].as_str().unwrap().to_owned();
    service.clock.advance(SignedDuration::from_mins(20));
    assert_eq!(program.refresh(&token).await.status, 401, "24 hours at all");
}

async fn a_cookie_gets_an_access_token_and_is_renewed_when_due(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    let first = ada.cookie.clone().unwrap();

    let early = ada.post("/api/users/refresh", json!({})).await;
    assert_eq!((early.status, early.set_cookie()), (200, None), "{early:?}");
    assert_eq!(early.json().get("refreshToken"), None);
    let token = early.json()["accessToken"].as_str().unwrap().to_owned();
    assert!(Browser::at(&service).current_user_with(&token).await.is_some());

    service.clock.advance(SignedDuration::from_hours(1));
    let mut other_tab = ada.clone();
    assert_eq!(ada.post("/api/users/refresh", json!({})).await.status, 200);
    assert_ne!(ada.cookie.as_ref(), Some(&first));
    assert_eq!(other_tab.post("/api/users/refresh", json!({})).await.status, 200);
    assert_eq!(ada.cookie, other_tab.cookie, "two tabs, one successor");
    other_tab.cookie = Some(first.clone());
    assert!(other_tab.current_user().await.is_some(), "what was on its way still counts");
    service.clock.advance(SignedDuration::from_secs(10));
    assert_eq!(other_tab.current_user().await, None);
    assert!(ada.current_user().await.is_some());

    assert_eq!(other_tab.post("/api/users/refresh", json!({})).await.codes(), ["session_ended"]);
    assert_eq!(ada.current_user().await, None, "one of the two is a thief");
}

async fn a_lost_answer_signs_no_browser_out(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    service.clock.advance(SignedDuration::from_hours(2));
    let mut lost = ada.clone();
    lost.post("/api/users/refresh", json!({})).await;
    assert!(ada.current_user().await.is_some());
    assert_eq!(ada.post("/api/users/refresh", json!({})).await.status, 200);
    assert_eq!(ada.cookie, lost.cookie);
}

async fn one_mode_does_not_stand_in_for_the_other(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (mut program, token) = program(&service).await;
    let mut ada = Browser::at(&service);
    ada.sign_in("ada@example.org", PASSWORD).await;

    let both = ada.refresh(&token).await;
    assert_eq!((both.status, both.codes()), (400, vec!["credentials_differ".to_owned()]));
    let mut thief = Browser::at(&service);
    let inside = URL_SAFE_NO_PAD.decode(token.strip_prefix("pcr_").unwrap()).unwrap();
    let secret = URL_SAFE_NO_PAD.encode(&inside[24..]);
    thief.cookie = Some(format!("session=pcs_{secret}"));
    assert_eq!(thief.current_user().await, None, "the secret of a refresh token is no cookie");
    let secret = ada.cookie.clone().unwrap().replace("session=pcs_", "pcr_");
    assert_eq!(program.refresh(&secret).await.status, 401);
    assert!(ada.current_user().await.is_some());
    assert_eq!(program.refresh(&token).await.status, 200);
}

/// After the answer to whoever disabled them, nothing new is made for them, and what was made no longer counts here.
async fn f_44_who_is_disabled_gets_nothing_new(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (program, token) = program(&service).await;
    let going_on = join_all((0..100).map(|_| {
        let (mut program, token) = (program.clone(), token.clone());
        async move { program.refresh(&token).await }
    }));
    let disable = async {
        let user = service.store.user(ada(&service).await).await.unwrap().unwrap();
        let now = user.attrs().created_at;
        service.store.replace_user(&user.disable(now)).await.unwrap();
        let (mut program, token) = (program.clone(), token.clone());
        let after = program.refresh(&token).await;
        assert_eq!((after.status, after.codes()), (401, vec!["session_ended".to_owned()]));
    };
    let (answers, ()) = tokio::join!(going_on, disable);
    for answer in answers {
        assert!(answer.status == 200 || answer.status == 401, "{answer:?}");
    }
}

async fn r_12_what_was_used_up_stays_so_for_a_fresh_process(store: Arc<dyn Store>) {
    let service = Service::with(Arc::clone(&store), &[KEY_SECRET]).await;
    let (mut program, used_up) = program(&service).await;
    let token = program.refresh(&used_up).await.json()["refreshToken"].as_str().unwrap().to_owned();
    // It remembers nothing of what the first one did.
    let again = Service::with(store, &[KEY_SECRET]).await;
    let mut program = Browser::at(&again);
    again.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(program.refresh(&token).await.status, 200, "the present one lives on");
    assert_eq!(program.refresh(&used_up).await.status, 401);
    assert_eq!(program.refresh(&token).await.status, 401, "the family is dead");
}

async fn a_replica_that_does_not_know_the_key_secret_yet_ends_nothing(store: Arc<dyn Store>) {
    let older = Service::with(Arc::clone(&store), &[KEY_SECRET]).await;
    let both = format!("{},{}", service::KEY_SECRET, KEY_SECRET.1);
    let newer = Service::with(store, &[("PORTCULLIS_KEY_SECRET", &both)]).await;
    let (mut program, token) = program(&newer).await;
    let refused = Browser::at(&older).refresh(&token).await;
    assert_eq!((refused.status, refused.codes()), (503, vec!["store_unavailable".to_owned()]));
    assert_eq!(program.refresh(&token).await.status, 200, "where it is known it goes on");
}

/// Somebody's program, and the refresh token it got.
async fn program(service: &Service) -> (Browser, String) {
    let mut program = Browser::at(service);
    let account = json!({ "email": "ada@example.org", "password": PASSWORD, "mode": "token" });
    let answer = program.post("/api/users/signup", account).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    (program, answer.json()["refreshToken"].as_str().unwrap().to_owned())
}

async fn ada(service: &Service) -> UserId {
    service.store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap().id()
}

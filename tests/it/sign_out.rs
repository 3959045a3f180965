//! Signing out, and how long a session holds, asked over HTTP.

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::store::Store;
use serde_json::json;

use crate::support::{
    browser::{Browser, PASSWORD},
    people::email,
    service::{ORIGIN, Service},
    stores::on_both_stores,
    wire,
};

on_both_stores!(
    the_session_ends_in_the_store_and_the_cookie_goes,
    whoever_has_no_session_is_signed_out_as_well,
    n_23_a_program_is_signed_out_by_its_tokens,
    n_23_of_several_cookies_every_session_ends,
    n_23_a_neighbour_s_cookie_keeps_no_session_alive,
    r_21_a_session_ends_by_itself_when_it_is_idle_or_old,
    disabling_somebody_ends_their_sessions,
    a_guess_is_nobody,
);

async fn the_session_ends_in_the_store_and_the_cookie_goes(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    let mut thief = ada.clone();

    let answer = ada.sign_out().await;

    assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
    let cleared = answer.set_cookie().unwrap();
    assert!(cleared.starts_with("session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"), "{cleared}");
    assert_eq!(
        answer.header("clear-site-data"),
        Some(r#""cache", "storage""#),
        "asvs_14_3_1: nor does the browser keep what it was shown"
    );
    assert_eq!(ada.cookie, None);
    assert_eq!(thief.current_user().await, None, "n_23: dead in the store, not only in the browser");
}

async fn whoever_has_no_session_is_signed_out_as_well(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut anybody = Browser::at(&service);
    assert_eq!(anybody.sign_out().await.status, 200);
    anybody.sign_up("ada@example.org").await;
    let kept = anybody.cookie.clone();
    assert_eq!(anybody.sign_out().await.status, 200);
    anybody.cookie = kept;
    assert_eq!(anybody.sign_out().await.status, 200, "also a second time");
}

async fn n_23_a_program_is_signed_out_by_its_tokens(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut program = Browser::at(&service);
    let account = json!({ "email": "ada@example.org", "password": PASSWORD, "mode": "token" });
    let tokens = program.post("/api/users/signup", account.clone()).await.json();
    let (access, refresh) =
        (tokens["accessToken"].as_str().unwrap(), tokens["refreshToken"].as_str().unwrap());
    service.clock.advance(SignedDuration::from_mins(11));
    for token in ["nonsense", access, access] {
        program.token = Some(token.to_owned());
        assert_eq!(program.sign_out().await.status, 200, "also with none that holds, and a second time");
    }
    program.token = None;
    assert_eq!(
        program.refresh(refresh).await.status,
        401,
        "one that has expired is good enough to leave with"
    );

    let tokens = program.post("/api/users/signin", account).await.json();
    for body in [json!([]), json!({ "refreshToken": 7 }), json!({ "refreshToken": tokens["refreshToken"] })] {
        assert_eq!(program.post("/api/users/signout", body).await.status, 200);
    }
    assert_eq!(program.refresh(tokens["refreshToken"].as_str().unwrap()).await.status, 401);
}

async fn n_23_of_several_cookies_every_session_ends(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (mut ada, mut grace) = (Browser::at(&service), Browser::at(&service));
    ada.sign_up("ada@example.org").await;
    grace.sign_up("grace@example.org").await;
    let mut both = ada.clone();
    both.cookie =
        Some(format!("{}; session=nonsense; {}", ada.cookie.clone().unwrap(), grace.cookie.clone().unwrap()));
    assert_eq!(both.current_user().await, None, "which of them is meant, nobody knows");

    let answer = both.sign_out().await;

    assert_eq!(answer.status, 200);
    assert!(answer.set_cookie().unwrap().contains("Max-Age=0"));
    assert_eq!((ada.current_user().await, grace.current_user().await), (None, None));
}

/// Whoever may set a cookie for our host may not thereby decide whether we can read ours.
async fn n_23_a_neighbour_s_cookie_keeps_no_session_alive(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let neighbours = [&b"other=\xff\xfe"[..], b"other", b"other=%ff", b"=", b"other=%73ession"];
    for (number, neighbour) in neighbours.into_iter().enumerate() {
        let mut ada = Browser::at(&service);
        let address = format!("ada{number}@example.org");
        ada.sign_up(&address).await;
        let cookie = ada.cookie.clone().unwrap();
        let ask = async |line: &str, more: &str| {
            let head = format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{more}Cookie: ");
            let request = [head.as_bytes(), neighbour, b"; ", cookie.as_bytes(), b"\r\n\r\n"].concat();
            wire::send(service.public, &request).await
        };

        assert!(ask("GET /api/users/currentuser", "").await.body.contains(&address));
        assert_eq!(ask("POST /api/users/signout", "").await.codes(), ["cross_site"], "n_28: {number}");
        let out = ask("POST /api/users/signout", &format!("Origin: {ORIGIN}\r\n")).await;

        assert_eq!(out.status, 200, "{out:?}");
        assert!(out.header("set-cookie").unwrap().contains("max-age=0"), "{out:?}");
        assert_eq!(ada.current_user().await, None, "{number}");
    }
}

async fn r_21_a_session_ends_by_itself_when_it_is_idle_or_old(store: Arc<dyn Store>) {
    let service = Service::with(store, &[("PORTCULLIS_SESSION_PRESET", "aal2")]).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;

    // Used every half hour, it outlives its idle hour by far, but not its day.
    for _ in 0..47 {
        service.clock.advance(SignedDuration::from_mins(30));
        assert!(ada.current_user().await.is_some());
    }
    service.clock.advance(SignedDuration::from_mins(30));
    assert_eq!(ada.current_user().await, None, "n_20: 24 hours at all");

    ada.sign_in("ada@example.org", crate::support::browser::PASSWORD).await;
    service.clock.advance(SignedDuration::from_mins(60));
    assert_eq!(ada.current_user().await, None, "n_20: one hour idle");
}

async fn disabling_somebody_ends_their_sessions(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    let user = service.store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
    let now = user.attrs().created_at;

    service.store.replace_user(&user.disable(now)).await.unwrap();

    assert_eq!(ada.current_user().await, None);
}

async fn a_guess_is_nobody(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut anybody = Browser::at(&service);
    anybody.sign_up("ada@example.org").await;
    let good = anybody.cookie.clone().unwrap();
    let guesses = [
        "session=".to_owned(),
        "session=pcs_".to_owned(),
        format!("session=pcs_{}", "A".repeat(43)),
        good.replace("pcs_", ""),
        good.to_lowercase(),
        format!("{good}A"),
        format!("{good}; session=other"),
        format!("__Host-{good}"),
        good.replace("session", "%73ession"),
        good.replace("pcs_", "pcs%5F"),
    ];
    for guess in guesses {
        anybody.cookie = Some(guess.clone());
        assert_eq!(anybody.current_user().await, None, "{guess}");
    }
}

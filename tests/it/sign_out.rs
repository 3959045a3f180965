//! Signing out, and how long a session holds, asked over HTTP.

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::store::Store;

use crate::support::{
    browser::Browser,
    people::email,
    service::Service,
    stores::on_both_stores,
};

on_both_stores!(
    the_session_ends_in_the_store_and_the_cookie_goes,
    whoever_has_no_session_is_signed_out_as_well,
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
    ];
    for guess in guesses {
        anybody.cookie = Some(guess.clone());
        assert_eq!(anybody.current_user().await, None, "{guess}");
    }
}

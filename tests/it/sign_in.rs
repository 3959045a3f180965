//! Signing in, asked over HTTP.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use portcullis::{
    domain::{
        stored_hash::StoredHash,
        user::{User, UserAttrs},
    },
    store::Store,
};
use serde_json::{Value, json};

use crate::support::{
    browser::{Answer, Browser, PASSWORD},
    patience::until,
    people::{NODE_HASH, People, email},
    service::Service,
    stores::{on_both_stores, sqlite},
};

on_both_stores!(
    the_right_password_opens_a_new_session,
    r_11_asvs_7_2_4_whoever_signs_in_leaves_no_session_behind,
    r_11_whoever_signs_up_leaves_no_session_behind,
    a_session_that_is_over_or_unknown_keeps_nobody_from_signing_in,
    c_10_unknown_wrong_and_disabled_get_the_same_bytes,
    a_hash_from_node_is_accepted_and_renewed,
    a_hash_of_a_lower_cost_is_renewed_and_the_revision_raised,
    the_password_is_taken_as_typed_and_no_other,
    f_44_who_is_disabled_while_the_password_is_checked_gets_nothing,
);

async fn f_44_who_is_disabled_while_the_password_is_checked_gets_nothing(store: Arc<dyn Store>) {
    let service = Service::with(store, &[("PORTCULLIS_PASSWORD_COST", "standard")]).await;
    let (mut ada, mut operator) = (Browser::at(&service), Browser::to(service.internal));
    ada.sign_up("ada@example.org").await;
    let mut program = Browser::at(&service);
    let account = json!({ "email": "ada@example.org", "password": PASSWORD, "mode": "token" });
    let disable = async {
        // By then she has been read.
        let busy = async || operator.get("/health").await.json()["dependencies"]["hashing"]["busy"] != 0;
        until("a password is checked", busy).await;
        let user = service.store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
        let now = user.attrs().created_at;
        service.store.replace_user(&user.disable(now)).await.unwrap();
    };

    let (answer, ()) = tokio::join!(program.post("/api/users/signin", account), disable);

    assert_eq!((answer.status, answer.codes()), (400, vec!["invalid_credentials".to_owned()]));
}

async fn the_right_password_opens_a_new_session(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    let first = ada.cookie.clone();

    let answer = ada.sign_in("ADA@example.org", PASSWORD).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["email"], "ada@example.org");
    assert_ne!(ada.cookie, first, "r_11: a new secret at every sign-in");
    assert_eq!(ada.current_user().await.as_deref(), Some("ada@example.org"));
}

async fn r_11_asvs_7_2_4_whoever_signs_in_leaves_no_session_behind(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    Browser::at(&service).sign_up("grace@example.org").await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    let mut elsewhere = Browser::at(&service);
    elsewhere.sign_in("ada@example.org", PASSWORD).await;

    for address in ["ada@example.org", "grace@example.org"] {
        let mut old = ada.clone();
        assert_eq!(ada.sign_in(address, "wrong horse battery").await.status, 400);
        assert!(old.current_user().await.is_some(), "a sign-in that fails ends nothing");

        assert_eq!(ada.sign_in(address, PASSWORD).await.status, 200);
        assert_eq!(
            old.current_user().await,
            None,
            "the cookie of before is dead, whoever signs in as {address}"
        );
        assert_eq!(ada.current_user().await.as_deref(), Some(address));
    }
    assert!(elsewhere.current_user().await.is_some(), "what another browser holds is left alone");
}

async fn r_11_whoever_signs_up_leaves_no_session_behind(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut browser = Browser::at(&service);
    browser.sign_up("ada@example.org").await;
    let mut ada = browser.clone();

    assert_eq!(browser.sign_up("ada@example.org").await.codes(), ["email_in_use"]);
    assert!(ada.current_user().await.is_some(), "a sign-up that fails ends nothing");
    assert_eq!(browser.sign_up("grace@example.org").await.status, 201);

    assert_eq!(ada.current_user().await, None);
    assert_eq!(browser.current_user().await.as_deref(), Some("grace@example.org"));
}

async fn a_session_that_is_over_or_unknown_keeps_nobody_from_signing_in(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    let over = ada.cookie.clone().unwrap();
    ada.sign_out().await;
    let unknown = format!("session=pcs_{}", "A".repeat(43));

    for cookie in [&over, &unknown, "session=nonsense", &format!("{over}; {unknown}; session=")] {
        ada.cookie = Some(cookie.to_owned());
        assert_eq!(ada.sign_in("ada@example.org", PASSWORD).await.status, 200, "{cookie}");
        assert!(ada.current_user().await.is_some(), "{cookie}");
    }
}

async fn c_10_unknown_wrong_and_disabled_get_the_same_bytes(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    disabled(&service, "disabled@example.org").await;
    Browser::at(&service).sign_up("ada@example.org").await;

    let mut anybody = Browser::at(&service);
    let unknown = anybody.sign_in("nobody@example.org", PASSWORD).await;
    assert_eq!((unknown.status, unknown.codes()), (400, vec!["invalid_credentials".to_owned()]));
    for answer in [
        anybody.sign_in("ada@example.org", "wrong horse battery").await,
        anybody.sign_in("disabled@example.org", PASSWORD).await,
        anybody.sign_in("disabled@example.org", "wrong horse battery").await,
    ] {
        assert_eq!(comparable(&answer), comparable(&unknown));
    }
}

/// Everything of an answer but what differs between any two.
fn comparable(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    let mut body = answer.json();
    body["requestId"] = Value::Null;
    (answer.status, headers, body)
}

async fn disabled(service: &Service, address: &str) {
    Browser::at(service).sign_up(address).await;
    let user = service.store.user_by_email(&email(address)).await.unwrap().unwrap();
    let now = user.attrs().created_at;
    service.store.replace_user(&user.disable(now)).await.unwrap();
}

async fn a_hash_from_node_is_accepted_and_renewed(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    service.store.add_user(&with_hash(&People::new(), "node@example.org", NODE_HASH)).await.unwrap();

    let mut somebody = Browser::at(&service);
    assert_eq!(somebody.sign_in("node@example.org", "wrong horse").await.codes(), ["invalid_credentials"]);
    assert_eq!(
        hash(&service, "node@example.org").await,
        NODE_HASH,
        "nothing changes until the password was right"
    );
    assert_eq!(somebody.sign_in("node@example.org", "correct horse").await.status, 200);
    assert!(hash(&service, "node@example.org").await.starts_with("$scrypt$ln=14,r=8,p=1$"));
    assert_eq!(somebody.sign_in("node@example.org", "correct horse").await.status, 200);
}

async fn a_hash_of_a_lower_cost_is_renewed_and_the_revision_raised(store: Arc<dyn Store>) {
    let cheap = Service::on(Arc::clone(&store)).await;
    Browser::at(&cheap).sign_up("ada@example.org").await;
    let dear = Service::with(store, &[("PORTCULLIS_PASSWORD_COST", "low-memory")]).await;

    assert_eq!(Browser::at(&dear).sign_in("ada@example.org", PASSWORD).await.status, 200);

    let renewed = dear.store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
    assert!(renewed.hash().reveal().unwrap().starts_with("$scrypt$ln=14,r=8,p=5$"));
    assert_eq!(renewed.attrs().revision, 1);
    assert_eq!(Browser::at(&cheap).sign_in("ada@example.org", PASSWORD).await.status, 200);
    let kept = hash(&dear, "ada@example.org").await;
    assert!(kept.starts_with("$scrypt$ln=14,r=8,p=5$"), "a cost that fell renews nothing");
}

async fn the_password_is_taken_as_typed_and_no_other(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    for close in
        ["Correct horse battery", "correct horse battery ", " correct horse battery", "correct horse batter"]
    {
        assert_eq!(
            ada.sign_in("ada@example.org", close).await.codes(),
            ["invalid_credentials"],
            "asvs_6_2_8: {close:?}"
        );
    }
    for (address, secret) in [
        ("long@example.org", format!("{:x<73}y", "thirteen moths around my lantern at dusk")),
        ("nul@example.org", "kettle\0lantern\u{1f512}".to_owned()),
    ] {
        let body = serde_json::json!({ "email": address, "password": secret });
        assert_eq!(ada.post("/api/users/signup", body).await.status, 201);
        assert_eq!(ada.sign_in(address, &secret).await.status, 200);
        let cut = &secret[..secret.len() - secret.chars().last().unwrap().len_utf8()];
        assert_eq!(ada.sign_in(address, cut).await.status, 400, "n_09: all of it is compared");
    }
}

/// Somebody whose hash was made elsewhere.
fn with_hash(people: &People, address: &str, hash: &str) -> User {
    let hash = StoredHash::parse(hash).unwrap();
    User::build(UserAttrs::new(people.user_id(), email(address), hash, people.now()))
}

async fn hash(service: &Service, address: &str) -> String {
    let user = service.store.user_by_email(&email(address)).await.unwrap().unwrap();
    user.hash().reveal().unwrap()
}

/// Cheaper than what is asked of a new one, both.
const BCRYPT: &str = "$2b$10$k5k9a/eJhDjdu04Oab3F.uyfRJp9Msp7F6uVHUtLgm25AgoVyUf1K";
const ARGON2: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$ooapVNg31o7TyZpDYL4Gyg$d2kX+/hi/BBMVA++6WPkKY3VYuDoK2c+OZ4SOYf0XOs";

/// By the clock.
mod alone {
    use super::*;

    /// Whoever has no account may not be told by the time it takes to say no. What is measured on a busy machine is noise as
    /// well, so a difference counts when it shows again and again.
    #[tokio::test]
    async fn asvs_6_3_8_unknown_wrong_and_disabled_take_the_same_time() {
        let service = Service::with(sqlite(), &[("PORTCULLIS_PASSWORD_COST", "low-memory")]).await;
        let people = People::new();
        disabled(&service, "disabled@example.org").await;
        for (address, hash) in
            [("node@example.org", NODE_HASH), ("bcrypt@example.org", BCRYPT), ("argon@example.org", ARGON2)]
        {
            service.store.add_user(&with_hash(&people, address, hash)).await.unwrap();
        }
        let mut anybody = Browser::at(&service);
        anybody.sign_up("ada@example.org").await;
        let addresses = ["nobody", "ada", "disabled", "node", "bcrypt", "argon"]
            .map(|name| format!("{name}@example.org"));
        let addresses = addresses.each_ref().map(String::as_str);

        let mut measured = Vec::new();
        for _ in 0..5 {
            let times = fastest(&mut anybody, addresses).await;
            let [unknown, known @ ..] = times;
            assert!(
                times.iter().all(|time| *time > Duration::from_millis(10)),
                "a hash was computed: {times:?}"
            );
            let slack = unknown.mul_f64(0.2);
            if known.iter().all(|known| unknown.abs_diff(*known) < slack) {
                return;
            }
            measured.push(times);
        }
        panic!("one can tell them apart: {measured:?}");
    }

    /// Of ten sign-ins to each address in turn.
    async fn fastest<const N: usize>(anybody: &mut Browser, addresses: [&str; N]) -> [Duration; N] {
        let mut fastest = [Duration::MAX; N];
        for _ in 0..10 {
            for (address, fastest) in addresses.iter().zip(&mut fastest) {
                let begun = Instant::now();
                anybody.sign_in(address, "wrong horse battery").await;
                *fastest = begun.elapsed().min(*fastest);
            }
        }
        fastest
    }
}

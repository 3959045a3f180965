//! Passwords, asked over HTTP: which may be chosen, and how one is changed.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use portcullis::{
    domain::{password::Candidate, policy::PasswordPolicy},
    store::Store,
};
use serde_json::{Value, json};

use crate::support::{
    browser::{Answer, Browser, PASSWORD},
    folder::Folder,
    service::Service,
    stores::{on_both_stores, two_of_one},
};

on_both_stores!(
    a_change_ends_every_other_session_and_the_old_password,
    asvs_6_2_3_the_present_password_is_asked_for,
    the_last_passwords_are_refused_and_older_ones_are_not,
    r_16_a_change_sets_the_password_and_nothing_else,
    r_15_whoever_is_not_signed_in_changes_nobody_s_password,
    what_a_password_must_be_is_said_of_the_new_one,
);

/// Each of them hard to guess, and none like another.
const OTHERS: [&str; 7] = [
    "a stapler in the rain",
    "fourteen brass kettles",
    "moths around my lantern",
    "eleven polite badgers",
    "gravel under the sofa",
    "thursdays taste of tin",
    "a borrowed accordion",
];

async fn change(browser: &mut Browser, current: &str, new: &str) -> Answer {
    browser.put("/api/users/password", json!({ "currentPassword": current, "newPassword": new })).await
}

async fn a_change_ends_every_other_session_and_the_old_password(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (mut ada, mut elsewhere) = (Browser::at(&service), Browser::at(&service));
    ada.sign_up("ada@example.org").await;
    elsewhere.sign_in("ada@example.org", PASSWORD).await;

    let answer = change(&mut ada, PASSWORD, OTHERS[0]).await;

    assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{answer:?}");
    assert_eq!(ada.current_user().await.as_deref(), Some("ada@example.org"), "the one that asked goes on");
    assert_eq!(elsewhere.current_user().await, None);
    assert_eq!(Browser::at(&service).sign_in("ada@example.org", PASSWORD).await.status, 400);
    assert_eq!(Browser::at(&service).sign_in("ada@example.org", OTHERS[0]).await.status, 200);
}

async fn asvs_6_2_3_the_present_password_is_asked_for(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    for wrong in ["wrong", OTHERS[0], "short"] {
        let answer = change(&mut ada, wrong, OTHERS[0]).await;
        assert_eq!((answer.status, answer.codes()), (400, vec!["invalid_credentials".to_owned()]));
    }
    // Not even whether the new one would do.
    let answer = change(&mut ada, "wrong", "short").await;
    assert_eq!(answer.codes(), ["invalid_credentials"]);
    for body in
        [json!({ "newPassword": OTHERS[0] }), json!({ "newPassword": OTHERS[0], "currentPassword": "" })]
    {
        let answer = ada.put("/api/users/password", body).await;
        assert_eq!(answer.codes(), ["password_required"]);
        assert_eq!(answer.json()["errors"][0]["field"], "currentPassword");
    }
    assert_eq!(Browser::at(&service).sign_in("ada@example.org", PASSWORD).await.status, 200);
}

/// And a page of somebody else's cannot do it for her.
async fn r_16_a_change_sets_the_password_and_nothing_else(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    let before = ada.sign_up("ada@example.org").await.json();
    let mut body = json!({
        "currentPassword": PASSWORD, "newPassword": OTHERS[0], "email": "eve@example.org", "roles": ["admin"],
        "emailVerified": true, "id": "00000000-0000-7000-8000-000000000000", "status": "disabled", "history": [],
    });
    let mut elsewhere = ada.clone();
    elsewhere.origin = "https://evil.example".to_owned();
    let refused = elsewhere.put("/api/users/password", body.clone()).await;
    assert_eq!((refused.status, refused.codes()), (403, vec!["cross_site".to_owned()]));

    assert_eq!(ada.put("/api/users/password", body.clone()).await.status, 204);
    let after = ada.get("/api/users/currentuser").await.json()["currentUser"].clone();
    assert_eq!(after, before);

    // Whoever holds tokens changes theirs in the same way.
    let account = json!({ "email": "ada@example.org", "password": OTHERS[0], "mode": "token" });
    let mut program = Browser::at(&service);
    let tokens = program.post("/api/users/signin", account).await.json();
    program.token = Some(tokens["accessToken"].as_str().unwrap().to_owned());
    body["currentPassword"] = json!(OTHERS[0]);
    body["newPassword"] = json!(OTHERS[1]);
    assert_eq!(program.put("/api/users/password", body).await.status, 204);
    assert_eq!(ada.current_user().await, None);
}

async fn the_last_passwords_are_refused_and_older_ones_are_not(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    let mut used = vec![PASSWORD];
    for new in &OTHERS[..5] {
        assert_eq!(change(&mut ada, used.last().unwrap(), new).await.status, 204);
        used.push(new);
    }
    let (forgotten, remembered) = used.split_first().unwrap();
    for old in remembered {
        let answer = change(&mut ada, used.last().unwrap(), old).await;
        assert_eq!((answer.status, answer.codes()), (400, vec!["password_reused".to_owned()]), "{old}");
        assert_eq!(answer.json()["errors"][0]["field"], "newPassword");
    }
    assert_eq!(change(&mut ada, used.last().unwrap(), forgotten).await.status, 204);
}

#[tokio::test]
async fn where_nothing_is_remembered_nothing_is_refused() {
    for (setting, again) in [("0", 204), ("1", 400)] {
        let store = crate::support::stores::sqlite();
        let service = Service::with(store, &[("PORTCULLIS_PASSWORD_HISTORY", setting)]).await;
        let mut ada = Browser::at(&service);
        ada.sign_up("ada@example.org").await;
        assert_eq!(change(&mut ada, PASSWORD, PASSWORD).await.status, again, "{setting}");
        assert_eq!(change(&mut ada, PASSWORD, OTHERS[0]).await.status, 204);
        assert_eq!(change(&mut ada, OTHERS[0], PASSWORD).await.status, 204, "{setting}");
    }
}

async fn r_15_whoever_is_not_signed_in_changes_nobody_s_password(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let user = Browser::at(&service).sign_up("ada@example.org").await.json();
    let answer = Browser::at(&service)
        .put(
            "/api/users/password",
            json!({
                "currentPassword": PASSWORD, "newPassword": OTHERS[0], "userId": user["id"], "id": user["id"],
                "user": user, "email": "ada@example.org", "sub": user["id"],
            }),
        )
        .await;
    assert_eq!((answer.status, answer.codes()), (401, vec!["not_signed_in".to_owned()]));
    assert_eq!(Browser::at(&service).sign_in("ada@example.org", PASSWORD).await.status, 200);
}

async fn what_a_password_must_be_is_said_of_the_new_one(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    let long = "x".repeat(1025);
    let mut answered = BTreeSet::new();
    for (new, code) in [
        ("", "password_required"),
        ("short", "password_too_short"),
        (&long, "password_too_long"),
        ("ADA@example.org", "password_is_address"),
        ("baseball1", "password_leaked"),
        ("example2026", "password_guessable"),
        (PASSWORD, "password_reused"),
    ] {
        let answer = change(&mut ada, PASSWORD, new).await;
        assert_eq!((answer.status, answer.codes()), (400, vec![code.to_owned()]), "{new}");
        let error = answer.json()["errors"][0].clone();
        assert_eq!(error["field"], "newPassword", "{error}");
        let sentence = error["message"].as_str().unwrap();
        assert!(sentence.starts_with("Password ") && !sentence.contains(new) || new.is_empty(), "{sentence}");
        answered.insert(code.to_owned());
    }
    answered.extend(change(&mut ada, "wrong", "x").await.codes());
    answered.extend(ada.put("/api/users/password", json!([])).await.codes());

    let contract = Browser::to(service.internal).get("/openapi.json").await.json();
    let refusal = &contract["paths"]["/api/users/password"]["put"]["responses"]["400"]["description"];
    let listed: BTreeSet<_> =
        refusal.as_str().unwrap().split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(answered, listed, "each code that is listed is answered");
}

/// As somebody would choose it who has read how strength is estimated.
#[test]
fn f_33_no_password_takes_long_to_be_judged() {
    for costly in ["4@8({[<3691!|70$5+%2", "p4ssw0rd", "abcabcabd", "0123456789", "19990101"] {
        let candidate = Candidate::try_from(costly.repeat(1024 / costly.len()).as_str()).unwrap();
        let begun = Instant::now();
        let _ = PasswordPolicy::Standard.admit(candidate, None);
        println!("{costly}: {:?}", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_millis(500), "{costly}: {:?}", begun.elapsed());
    }
}

/// Whoever signs up hears of it in the same words.
#[tokio::test]
async fn a_newcomer_is_told_what_would_be_better() {
    let service = Service::start().await;
    let refused = async |password: &str| {
        let body = json!({ "email": "ada.lovelace@example.org", "password": password });
        let answer = Browser::at(&service).post("/api/users/signup", body).await;
        assert_eq!(answer.status, 400, "{password}");
        let error: Value = answer.json()["errors"][0].clone();
        (error["code"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap().to_owned())
    };
    let (code, message) = refused("qwertyuiop").await;
    assert_eq!(
        (code.as_str(), message.contains("everybody tries first")),
        ("password_leaked", true),
        "{message}"
    );
    let (code, message) = refused("lovelace1815").await;
    assert_eq!(code, "password_guessable", "the address is known to whoever guesses");
    assert!(message.contains("Add another word or two"), "{message}");
}

#[tokio::test]
async fn the_presets_differ_in_what_they_refuse() {
    for (policy, allowed, refused) in [
        ("ticketing", "password", "abc"),
        ("nist", "fifteen letters or so", "only fourteen."),
        ("standard", "q7!kz0wPv", "password1"),
    ] {
        let store = crate::support::stores::sqlite();
        let service = Service::with(store, &[("PORTCULLIS_PASSWORD_POLICY", policy)]).await;
        for (number, (password, status)) in [(allowed, 201), (refused, 400)].into_iter().enumerate() {
            let body = json!({ "email": format!("{number}@example.org"), "password": password });
            let answer = Browser::at(&service).post("/api/users/signup", body).await;
            assert_eq!(answer.status, status, "{policy}: {password}: {answer:?}");
        }
    }
}

/// Over two replicas: the loser is told, and nobody ends up with a password that they did not choose last.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn of_two_changes_at_once_one_counts() {
    let folder = Folder::new();
    for [here, there] in two_of_one(&folder).await {
        let (here, there) = (Service::on(here).await, Service::on(there).await);
        for of_one_session in [true, false] {
            let address = format!("{of_one_session}@example.org");
            let mut ada = Browser::at(&here);
            ada.sign_up(&address).await;
            let mut elsewhere = Browser::at(&there);
            if of_one_session {
                elsewhere.cookie = ada.cookie.clone();
            } else {
                elsewhere.sign_in(&address, PASSWORD).await;
            }
            let (one, other) = tokio::join!(
                change(&mut ada, PASSWORD, OTHERS[0]),
                change(&mut elsewhere, PASSWORD, OTHERS[1])
            );
            let (won, lost) = if one.status == 204 { (&one, &other) } else { (&other, &one) };
            // Whoever comes so late that the password is another one already is told that.
            let late = ["invalid_credentials", if of_one_session { "conflict" } else { "not_signed_in" }];
            assert_eq!(won.status, 204, "{one:?} {other:?}");
            assert!(lost.codes().len() == 1 && late.contains(&lost.codes()[0].as_str()), "{lost:?}");
            let mut counted = 0;
            for password in [PASSWORD, OTHERS[0], OTHERS[1]] {
                counted += u32::from(Browser::at(&here).sign_in(&address, password).await.status == 200);
            }
            assert_eq!(counted, 1);
        }
    }
}

/// By the clock.
mod alone {
    use super::*;

    /// What is remembered at most fits into a request, at the cost of every day.
    #[tokio::test]
    async fn as_much_as_may_be_remembered_is_checked_in_time() {
        let store = crate::support::stores::sqlite();
        let settings = [("PORTCULLIS_PASSWORD_HISTORY", "10"), ("PORTCULLIS_PASSWORD_COST", "standard")];
        let service = Service::with(store, &settings).await;
        let mut ada = Browser::at(&service);
        ada.sign_up("ada@example.org").await;
        let mut current = PASSWORD.to_owned();
        for number in 0..9 {
            let new = format!("{} number {number}", OTHERS[0]);
            assert_eq!(change(&mut ada, &current, &new).await.status, 204);
            current = new;
        }
        assert_eq!(change(&mut ada, &current, PASSWORD).await.codes(), ["password_reused"]);
    }
}

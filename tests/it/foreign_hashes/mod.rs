//! Passwords that other systems hashed: each lets its owner in, is hashed anew, and lets nobody else in.

mod vectors;

use std::{
    io::{self, Write},
    process::Command,
    sync::Arc,
};

use portcullis::{
    domain::{
        stored_hash::StoredHash,
        user::{Password, User, UserAttrs},
    },
    store::Store,
};
use serde_json::json;

use crate::support::{
    browser::Browser,
    people::{People, email},
    service::Service,
    stores::on_both_stores,
};
use vectors::{VECTORS, Vector};

on_both_stores!(
    whoever_comes_from_elsewhere_signs_in_and_is_hashed_anew,
    what_node_hashes_now_lets_its_owner_in,
    a_password_from_elsewhere_is_changed_and_remembered,
);

fn person(people: &People, address: &str, hash: &str, history: &[&str]) -> User {
    let parse = |hash: &str| StoredHash::parse(hash).unwrap_or_else(|error| panic!("{hash}: {error}"));
    let attrs = UserAttrs::new(people.user_id(), email(address), parse(hash), people.now());
    let history = history.iter().map(|hash| parse(hash)).collect();
    User::build(UserAttrs { password: Password { history, ..attrs.password }, ..attrs })
}

async fn stored(service: &Service, address: &str) -> String {
    let user = service.store.user_by_email(&email(address)).await.unwrap().unwrap();
    user.hash().reveal().unwrap()
}

async fn whoever_comes_from_elsewhere_signs_in_and_is_hashed_anew(store: Arc<dyn Store>) {
    let (service, people) = (Service::on(store).await, People::new());
    for (number, Vector { made_by, password, hash }) in VECTORS.iter().enumerate() {
        let address = format!("user{number}@example.org");
        service.store.add_user(&person(&people, &address, hash, &[])).await.unwrap();
        assert_eq!(stored(&service, &address).await, *hash, "{made_by}: kept letter for letter");

        let mut browser = Browser::at(&service);
        for wrong in ["wrong horse battery", &password.to_uppercase(), &password[1..]] {
            let answer = browser.sign_in(&address, wrong).await;
            assert_eq!(answer.codes(), ["invalid_credentials"], "{made_by}: {wrong:?}");
        }
        assert_eq!(stored(&service, &address).await, *hash, "{made_by}: a failure renews nothing");

        assert_eq!(browser.sign_in(&address, password).await.status, 200, "{made_by}: {hash}");
        let renewed = stored(&service, &address).await;
        // The one of the same algorithm and cost as ours is ours.
        let is_ours = hash.starts_with("$scrypt$ln=14,r=8,p=1$");
        assert!(
            renewed.starts_with("$scrypt$ln=14,r=8,p=1$") && (renewed != *hash || is_ours),
            "{made_by}: {renewed}"
        );
        assert_eq!(browser.sign_in(&address, password).await.status, 200, "{made_by}: once more");
        let wrong = browser.sign_in(&address, "wrong horse battery").await;
        assert_eq!(wrong.codes(), ["invalid_credentials"], "{made_by}");
    }
}

/// As a ticketing platform has done it: `scrypt(password, salt, 64)` with a random salt in hexadecimal.
const NODE: &str = r#"
const { randomBytes, scryptSync } = require("node:crypto");
for (const password of process.argv.slice(1)) {
    const salt = randomBytes(8).toString("hex");
    console.log(scryptSync(password, salt, 64).toString("hex") + "." + salt);
}
"#;

async fn what_node_hashes_now_lets_its_owner_in(store: Arc<dyn Store>) {
    let passwords = ["correct horse battery", "Gr\u{fc}\u{df}e \u{1f512} pass", " spaces count "];
    let Ok(made) = Command::new("node").args(["-e", NODE]).args(passwords).output() else {
        // Not by a macro, whose output the test harness would keep to itself.
        io::stderr().write_all(b"\nNOT TESTED: what Node hashes; there is no node\n").unwrap();
        return;
    };
    let hashes = String::from_utf8(made.stdout).unwrap();
    assert_eq!(hashes.lines().count(), passwords.len(), "{:?}", String::from_utf8_lossy(&made.stderr));

    let (service, people) = (Service::on(store).await, People::new());
    for (number, (password, hash)) in passwords.iter().zip(hashes.lines()).enumerate() {
        let address = format!("node{number}@example.org");
        service.store.add_user(&person(&people, &address, hash, &[])).await.unwrap();
        let mut browser = Browser::at(&service);
        let wrong = browser.sign_in(&address, password.trim_start_matches(' ').trim_start_matches('c')).await;
        if *password != passwords[1] {
            assert_eq!(wrong.codes(), ["invalid_credentials"], "{password}");
        }
        assert_eq!(browser.sign_in(&address, password).await.status, 200, "{password}");
        assert!(stored(&service, &address).await.starts_with("$scrypt$"));
    }
}

async fn a_password_from_elsewhere_is_changed_and_remembered(store: Arc<dyn Store>) {
    let (service, people) = (Service::on(store).await, People::new());
    let by = |maker: &str| VECTORS.iter().find(|vector| vector.made_by.starts_with(maker)).unwrap();
    let (present, before) = (by("bcrypt"), by("Django 5.2.19, make_password"));
    // Its owner signs in while the slot is busy, say: what is stored is still what came from elsewhere.
    let user = person(&people, "ada@example.org", present.hash, &[before.hash]);
    service.store.add_user(&user).await.unwrap();
    let mut ada = Browser::at(&service);
    assert_eq!(ada.sign_in("ada@example.org", present.password).await.status, 200);
    let renewed = service.store.user(user.id()).await.unwrap().unwrap();
    let foreign = user.hash().clone();
    service.store.replace_user(&renewed.renew_hash(foreign, people.now())).await.unwrap();

    let mut change = async |current: &str, new: &str| {
        let body = json!({ "currentPassword": current, "newPassword": new });
        let answer = ada.put("/api/users/password", body).await;
        (answer.status, if answer.status == 204 { Vec::new() } else { answer.codes() })
    };
    let fresh = "a stapler in the rain";
    assert_eq!(change("wrong", fresh).await, (400, vec!["invalid_credentials".to_owned()]));
    assert_eq!(change(present.password, before.password).await.1, ["password_reused"]);
    assert_eq!(change(present.password, fresh).await, (204, vec![]));
    assert_eq!(change(fresh, present.password).await.1, ["password_reused"], "bcrypt is remembered as well");
}

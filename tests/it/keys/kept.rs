//! The key secret that is made for whoever brought none.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::json;

use crate::support::{browser::Browser, folder::Folder, process::Process};

const NONE: (&str, &str) = ("PORTCULLIS_KEY_SECRET", "");

#[tokio::test]
async fn two_processes_that_start_at_once_make_one_key_secret_and_one_key() {
    let folder = Folder::new();
    let mut both = [(); 2].map(|()| Process::start(&folder, &[NONE]));
    let [a, b] = both.each_mut().map(Process::ready);

    let file = folder.file("key-secret");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let drafts = names.filter(|name| name.to_string_lossy().starts_with("key-secret.")).count();
    assert_eq!(drafts, 0, "nothing is left lying about");

    let mut ada = Browser::to(a.public);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    let mut inside = Browser::to(a.internal);
    inside.cookie = ada.cookie;
    let token = inside.get("/v1/whoami").await.json()["accessToken"].clone();
    let there = Browser::to(b.internal).post("/v1/token/verify", json!({ "token": token })).await;
    assert_eq!(there.status, 200, "what one signs the other knows");
    let secret = fs::read_to_string(&file).unwrap();
    for process in both {
        process.signal("TERM");
        assert!(process.said.iter().all(|line| !line.contains(secret.trim())));
    }
}

#[test]
fn a_key_secret_that_opens_nothing_is_a_refusal_in_one_sentence() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[NONE]);
    process.ready();
    process.signal("TERM");
    process.end();
    for (name, secret) in [("another", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="), ("none", "")] {
        if secret.is_empty() {
            fs::remove_file(folder.file("key-secret")).unwrap();
        }
        let mut process = Process::start(&folder, &[("PORTCULLIS_KEY_SECRET", secret)]);
        assert_eq!(process.end().code(), Some(1), "{name}");
        let told =
            process.said.iter().any(|line| line.contains("give the key secret that it was sealed with"));
        assert!(told, "{:?}", process.said);
    }
}

#[test]
fn a_spoilt_key_secret_is_a_refusal_in_one_sentence_and_stays_as_it_is() {
    let folder = Folder::new();
    fs::write(folder.file("key-secret"), "change me\n").unwrap();
    let mut process = Process::start(&folder, &[NONE]);
    assert_eq!(process.end().code(), Some(1));
    assert!(
        process.said.iter().any(|line| line.contains("does not hold a key secret")),
        "{:?}",
        process.said
    );
    assert_eq!(fs::read_to_string(folder.file("key-secret")).unwrap(), "change me\n");
}

#[test]
fn with_mongodb_the_key_secret_is_asked_for_and_how_to_make_one_is_said() {
    let folder = Folder::new();
    let mongo = ("PORTCULLIS_STORE_URL", "mongodb://mongo.invalid/auth?replicaSet=rs0");
    let mut process = Process::start(&folder, &[NONE, mongo]);
    assert_eq!(process.end().code(), Some(1));
    let said = process.said.join("\n");
    assert!(
        said.contains("PORTCULLIS_KEY_SECRET") && said.contains("head -c 32 /dev/urandom | base64"),
        "{said}"
    );
}

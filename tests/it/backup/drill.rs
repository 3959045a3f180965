//! The drill: fill, back up, destroy, restore; the same people sign in, and nobody is signed in still.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use flate2::read::GzDecoder;
use portcullis::domain::event::EventKind;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Yard, on_both_stores};
use crate::support::{
    browser::{Browser, PASSWORD},
    events::details_in,
    patience::until,
    process::Process,
};

on_both_stores!(
    f_42_the_same_people_sign_in_and_no_session_comes_back,
    what_is_backed_up_again_is_the_same_but_for_the_end_of_sessions,
    f_42_what_was_ended_since_stays_ended,
    f_42_a_service_that_was_not_stopped_lets_nobody_stay_signed_in,
);

const PEOPLE: [&str; 3] = ["ada@example.org", "grace@example.org", "Alan@Example.org"];

fn stop(mut process: Process) {
    process.signal("TERM");
    assert!(process.end().success());
}

async fn f_42_the_same_people_sign_in_and_no_session_comes_back(yard: &Yard) {
    let mut service = yard.serve();
    let at = service.ready();
    let mut browsers = Vec::new();
    for address in PEOPLE {
        let mut browser = Browser::to(at.public);
        assert_eq!(browser.sign_up(address).await.status, 201);
        browsers.push(browser);
    }
    let as_token = json!({ "email": PEOPLE[0], "password": PASSWORD, "mode": "token" });
    let tokens = Browser::to(at.public).post("/api/users/signin", as_token).await.json();
    // A service that runs is no hindrance.
    let made = yard.back_up();
    assert_eq!(made["collections"]["users"]["count"], 3);
    assert_eq!(made["collections"]["sessions"]["count"], 4);
    assert_eq!(made["collections"]["signing_keys"]["count"], 1);
    assert_eq!(made["keySecretIncluded"], false);
    stop(service);

    yard.destroy().await;
    let restored = yard.restore();
    assert_eq!(restored["collections"], made["collections"]);
    assert_eq!(restored["name"], made["name"]);
    let told = details_in(yard.store(), EventKind::BackupRestored).await;
    assert_eq!(told, [made["name"].as_str().unwrap()], "it is written down which one it was");

    let mut service = yard.serve();
    let at = service.ready();
    for (address, signed_in) in PEOPLE.into_iter().zip(browsers) {
        let mut browser = Browser::to(at.public);
        browser.cookie = signed_in.cookie;
        assert!(browser.cookie.is_some());
        assert_eq!(browser.current_user().await, None, "{address}'s session is over");
        assert_eq!(browser.sign_in(address, "another one").await.status, 400);
        assert_eq!(browser.sign_in(address, PASSWORD).await.status, 200, "{address}");
        assert_eq!(browser.current_user().await.as_deref(), Some(address));
    }
    let mut program = Browser::to(at.public);
    assert_eq!(program.refresh(tokens["refreshToken"].as_str().unwrap()).await.status, 401);
    let access = format!("Bearer {}", tokens["accessToken"].as_str().unwrap());
    let verified = reqwest::Client::new()
        .post(format!("http://{}/v1/token/verify-header", at.internal))
        .header("authorization", access)
        .send();
    assert_eq!(verified.await.unwrap().status(), 401);
    // The address of who was there is still taken.
    assert_eq!(Browser::to(at.public).sign_up(PEOPLE[1]).await.status, 400);
    stop(service);
}

/// The records of a backup that is not encrypted, by the name of their kind.
fn records(yard: &Yard, folder: &str) -> Vec<Value> {
    let made = yard.json(&["backup", "--to", &yard.path(folder), "--unencrypted"]);
    let path = yard.folder.file(folder).join(made["name"].as_str().unwrap());
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    lines[1..lines.len() - 1].iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn what_is_backed_up_again_is_the_same_but_for_the_end_of_sessions(yard: &Yard) {
    yard.fill(700).await;
    let made = yard.back_up();
    let before = records(yard, "before");
    yard.destroy().await;
    yard.restore();
    let after = records(yard, "after");
    for (mut before, mut after) in before.into_iter().zip(after) {
        if let Some(user) = before.get_mut("user") {
            assert_eq!(user["epoch"].as_u64().unwrap() + 1, after["user"]["epoch"]);
            for changed in ["epoch", "revision", "updatedAt"] {
                user[changed].take();
                after["user"][changed].take();
            }
        }
        assert_eq!(before, after);
    }
    let again = yard.json(&["backup", "--to", &yard.path("again"), "--recipient", &yard.recipient]);
    assert_eq!(made["collections"]["sessions"], again["collections"]["sessions"]);
    assert_eq!(made["collections"]["sessions"]["count"], 700);
    assert_eq!(made["collections"]["users"]["count"], again["collections"]["users"]["count"]);
}

async fn f_42_what_was_ended_since_stays_ended(yard: &Yard) {
    let mut service = yard.serve();
    let at = service.ready();
    let mut browser = Browser::to(at.public);
    browser.sign_up(PEOPLE[0]).await;
    yard.back_up();
    let kept = browser.cookie.clone();
    assert_eq!(browser.sign_out().await.status, 200);
    stop(service);

    let args =
        ["restore", "--from", &yard.path("backups"), "--identity-file", &yard.path("key"), "--replace"];
    yard.json(&args);
    let mut service = yard.serve();
    let mut browser = Browser::to(service.ready().public);
    browser.cookie = kept;
    assert_eq!(browser.current_user().await, None);
    stop(service);
}

/// It should have been; where it is alone with its volume, it cannot be.
async fn f_42_a_service_that_was_not_stopped_lets_nobody_stay_signed_in(yard: &Yard) {
    let mut service = yard.serve();
    let at = service.ready();
    let mut browser = Browser::to(at.public);
    browser.sign_up(PEOPLE[0]).await;
    yard.back_up();
    let mut late = Browser::to(at.public);
    late.sign_up(PEOPLE[1]).await;
    for browser in [&mut browser, &mut late] {
        assert!(browser.current_user().await.is_some());
    }

    let args =
        ["restore", "--from", &yard.path("backups"), "--identity-file", &yard.path("key"), "--replace"];
    // It may have written at the wrong moment, which is noticed, and harms nothing.
    until("a restore beside a service", async || yard.run(&args).status.code() == Some(0)).await;
    for browser in [&mut browser, &mut late] {
        let begun = Instant::now();
        // By then whoever listens has heard of it.
        while browser.get("/api/users/currentuser").await.json()["currentUser"] != Value::Null {
            assert!(begun.elapsed() < Duration::from_secs(30));
            sleep(Duration::from_millis(50)).await;
        }
    }
    stop(service);
    let mut service = yard.serve();
    let mut browser = Browser::to(service.ready().public);
    assert_eq!(browser.sign_in(PEOPLE[0], PASSWORD).await.status, 200);
    assert_eq!(browser.sign_in(PEOPLE[1], PASSWORD).await.status, 400, "not in the backup");
    stop(service);
}

/// Whichever store it was made from.
#[tokio::test]
async fn a_backup_of_one_store_is_restored_into_the_other() {
    let Some(mongo) = Yard::on_mongodb().await else { return };
    let sqlite = Yard::on_sqlite();
    sqlite.fill(20).await;
    let made = sqlite.back_up();
    let (from, key) = (sqlite.path("backups"), sqlite.path("key"));
    let restored = mongo.json(&["restore", "--from", &from, "--identity-file", &key]);
    assert_eq!(restored["collections"], made["collections"]);

    let back = mongo.back_up();
    assert_eq!(back["collections"]["sessions"], made["collections"]["sessions"]);
    let (from, key) = (mongo.path("backups"), mongo.path("key"));
    sqlite.json(&["restore", "--from", &from, "--identity-file", &key, "--replace"]);
}

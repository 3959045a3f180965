//! kill -9 in the middle: half a backup never looks like one, and half a restored store is served by nobody.

use std::{fs, time::Duration};

use portcullis::store::MigrateError;
use serde_json::json;
use tokio::time::sleep;

use super::{Yard, on_both_stores};
use crate::support::process::Process;

on_both_stores!(f_42_half_a_backup_looks_like_none, f_42_half_a_restored_store_is_served_by_nobody);

const USERS: usize = 10_000;

fn start(yard: &Yard, args: &[&str]) -> Process {
    Process::start_as(&yard.folder, args, &yard.settings())
}

async fn f_42_half_a_backup_looks_like_none(yard: &Yard) {
    yard.fill(USERS).await;
    let to = yard.path("backups");
    let partials = || {
        let files = fs::read_dir(&to).into_iter().flatten().map(|file| file.unwrap());
        let partials = files.filter(|file| file.file_name().to_string_lossy().ends_with(".partial"));
        partials.map(|file| file.metadata().map_or(0, |about| about.len())).collect::<Vec<_>>()
    };
    let mut backup = start(yard, &["backup", "--to", &to, "--recipient", &yard.recipient]);
    while !partials().iter().any(|size| *size > 100_000) {
        sleep(Duration::from_millis(1)).await;
    }
    backup.kill();
    assert_eq!(partials().len(), 1, "it was killed in the middle");
    assert_eq!(yard.json(&["backup", "list", "--from", &to])["backups"], json!([]));
    let key = yard.path("key");
    let said = yard.refusal(&["restore", "--from", &to, "--identity-file", &key, "--replace"]);
    assert_eq!(said, "there is no backup");

    yard.back_up();
    assert_eq!(partials().len(), 0, "the next one tidies up");
    assert_eq!(yard.json(&["backup", "list", "--from", &to])["backups"].as_array().unwrap().len(), 1);
}

async fn f_42_half_a_restored_store_is_served_by_nobody(yard: &Yard) {
    yard.fill(USERS).await;
    let made = yard.back_up();
    yard.destroy().await;
    let (from, key) = (yard.path("backups"), yard.path("key"));
    let args = ["restore", "--from", &from, "--identity-file", &key];
    let mut restore = start(yard, &args);
    let store = yard.store();
    // Its file, or its schema, may not be there yet.
    while !matches!(store.examine().await, Err(MigrateError::Importing)) {
        sleep(Duration::from_millis(1)).await;
    }
    sleep(Duration::from_millis(100)).await;
    restore.kill();
    assert!(matches!(store.examine().await, Err(MigrateError::Importing)), "it was killed in the middle");

    let mut service = yard.serve();
    service.hears(|line| line.contains("a restore into the store is under way, or broke off"));
    let refused = yard.refusal(&["backup", "--to", &yard.path("other"), "--recipient", &yard.recipient]);
    assert!(refused.contains("`portcullis restore` finishes it"), "{refused}");

    // Nobody has to be asked whether what is there may go.
    assert_eq!(yard.json(&args)["collections"], made["collections"]);
    service.ready();
    assert_eq!(
        yard.json(&["backup", "--to", &yard.path("other"), "--unencrypted"])["collections"]["users"]["count"],
        USERS
    );
    let said = yard.refusal(&args);
    assert!(said.starts_with("the store is not empty"), "{said}");
}

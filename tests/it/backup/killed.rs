//! kill -9 in the middle: half a backup never looks like one, and half a restored store is served by nobody.

use std::{fs, time::Duration};

use portcullis::store::MigrateError;
use serde_json::json;
use tokio::time::sleep;

use super::{Yard, on_both_stores};
use crate::support::{patience::until, process::Process};

on_both_stores!(f_42_half_a_backup_looks_like_none, f_42_half_a_restored_store_is_served_by_nobody);

const USERS: usize = 10_000;

fn start(yard: &Yard, args: &[&str]) -> Process {
    Process::start_as(&yard.folder, args, &yard.settings())
}

/// Begins until one is caught in its work: it may be done before anybody has looked.
async fn in_the_middle(
    begin: impl Fn() -> Process,
    underway: impl AsyncFn() -> bool,
    halved: impl AsyncFn(Process) -> bool,
) {
    for _ in 0..20 {
        let mut process = begin();
        until("it works, or is done", async || underway().await || process.has_ended()).await;
        if halved(process).await {
            return;
        }
    }
    panic!("it was never caught in its work");
}

async fn f_42_half_a_backup_looks_like_none(yard: &Yard) {
    yard.fill(USERS).await;
    let to = yard.path("backups");
    let partials = || {
        let files = fs::read_dir(&to).into_iter().flatten().map(|file| file.unwrap());
        let partials = files.filter(|file| file.file_name().to_string_lossy().ends_with(".partial"));
        partials.map(|file| file.metadata().map_or(0, |about| about.len())).collect::<Vec<_>>()
    };
    let backup = || start(yard, &["backup", "--to", &to, "--recipient", &yard.recipient]);
    let underway = async || partials().iter().any(|size| *size > 100_000);
    let halved = async |mut backup: Process| {
        backup.kill();
        partials().len() == 1 || fs::remove_dir_all(&to).is_err()
    };
    in_the_middle(backup, underway, halved).await;
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
    let store = yard.store();
    // Its file, or its schema, may not be there yet.
    let importing = async || matches!(store.examine().await, Err(MigrateError::Importing));
    let halved = async |mut restore: Process| {
        sleep(Duration::from_millis(50)).await;
        restore.kill();
        importing().await
    };
    let restore = || start(yard, &[&args[..], &["--replace"]].concat());
    in_the_middle(restore, importing, halved).await;

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

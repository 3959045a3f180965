//! The commands: what they take, what they say, and how they end.

use std::fs;

use super::{Yard, on_both_stores};
use crate::support::{folder::Folder, process::run};

on_both_stores!(a_store_that_is_not_empty_is_left_alone_unless_told_otherwise, only_so_many_are_kept);

async fn a_store_that_is_not_empty_is_left_alone_unless_told_otherwise(yard: &Yard) {
    yard.fill(3).await;
    yard.back_up();
    let (from, key) = (yard.path("backups"), yard.path("key"));
    let args = ["restore", "--from", &from, "--identity-file", &key];
    let said = yard.refusal(&args);
    assert!(said.starts_with("the store is not empty") && said.ends_with("(--replace)"), "{said}");
    yard.json(&[&args[..], &["--replace"]].concat());

    // One that a service was started on, and that nobody has used.
    yard.destroy().await;
    let mut service = yard.serve();
    service.ready();
    service.kill();
    yard.restore();
}

async fn only_so_many_are_kept(yard: &Yard) {
    yard.fill(1).await;
    let to = yard.path("backups");
    let notes = yard.folder.file("backups").join("portcullis-notes.txt");
    let back_up =
        |keep: &str| yard.json(&["backup", "--to", &to, "--recipient", &yard.recipient, "--keep", keep]);
    let listed = || {
        let list = yard.json(&["backup", "list", "--from", &to]);
        list["backups"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<_>>()
    };
    let mut made = Vec::new();
    for _ in 0..3 {
        made.insert(0, back_up("3")["name"].clone());
        fs::write(&notes, "ours").unwrap();
    }
    assert_eq!(listed(), made, "the newest first");
    let last = back_up("2");
    assert_eq!(last["removed"], serde_json::json!([made[1], made[2]]));
    assert_eq!(listed(), [last["name"].clone(), made[0].clone()]);
    assert!(notes.exists(), "what is not ours is left alone");
}

#[test]
fn misuse_is_2_failure_is_1_and_help_has_an_example() {
    let yard = Yard::on_sqlite();
    let (to, recipient) = (yard.path("backups"), yard.recipient.as_str());
    for args in [
        &["backup"][..],
        &["backup", "--to", &to],
        &["backup", "--recipient", recipient],
        &["backup", "--to", &to, "--recipient", "age1nobody"],
        &["backup", "--to", &to, "--recipient", recipient, "--unencrypted"],
        &["backup", "--to", &to, "--recipient", recipient, "--keep", "0"],
        &["backup", "--to", "https://h/b", "--unencrypted"],
        &["backup", "--to", "s3://B/..", "--unencrypted"],
        &["backup", "list"],
        &["restore"],
        &["restore", "--from", ""],
    ] {
        assert_eq!(yard.run(args).status.code(), Some(2), "{args:?}");
    }
    let said = yard.refusal(&["backup", "--to", &to, "--unencrypted"]);
    assert!(said.starts_with("there is no store at "), "{said}");
    let said = yard.refusal(&["backup", "--to", "s3://backups/auth", "--unencrypted"]);
    assert!(said.starts_with("there is no store at "), "{said}");
    let said = yard.refusal(&["backup", "list", "--from", "s3://backups/auth"]);
    assert!(said.contains("PORTCULLIS_BACKUP_S3_ACCESS_KEY"), "{said}");
    let said = yard.refusal(&["restore", "--from", &to]);
    assert!(said.contains("No such file"), "{said}");
    for args in [&["backup"][..], &["backup", "list"], &["backup", "keygen"], &["restore"]] {
        let help = yard.run(&[args, &["--help"]].concat());
        assert!(String::from_utf8_lossy(&help.stdout).contains("Example"), "{help:?}");
        assert_eq!(help.status.code(), Some(0));
    }
}

#[tokio::test]
async fn a_person_reads_a_table_and_where_the_key_secret_is_not() {
    let yard = Yard::on_sqlite();
    yard.fill(2).await;
    let file = yard.path("recipients");
    fs::write(&file, format!("# the vault\n{}\n\n", yard.recipient)).unwrap();
    let made = yard.run(&["backup", "--to", &yard.path("backups"), "--recipients-file", &file]);
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(said.starts_with("COLLECTION ") && said.contains("\nusers                 2  "), "{said}");
    assert!(said.contains("The key secret is not in it"), "{said}");
    assert!(made.stderr.is_empty(), "nobody watches");
    yard.destroy().await;
    let restored =
        yard.run(&["restore", "--from", yard.file().to_str().unwrap(), "--identity-file", &yard.path("key")]);
    let said = String::from_utf8(restored.stdout).unwrap();
    assert!(
        said.contains("\nusers                 2  ") && said.contains("All sessions have ended"),
        "{said}"
    );
    let listed = yard.run(&["backup", "list", "--from", &yard.path("backups")]);
    assert_eq!(String::from_utf8(listed.stdout).unwrap().lines().count(), 2);
    fs::write(&file, "age1nobody\n").unwrap();
    let said = yard.refusal(&["backup", "--to", &yard.path("backups"), "--recipients-file", &file]);
    assert!(said.contains("\"age1nobody\" is not a recipient"), "{said}");
}

/// Without the key secret a service on what was restored could not sign, and would not start.
#[tokio::test]
async fn keys_that_do_not_open_are_refused_or_left_out() {
    let yard = Yard::on_sqlite();
    let mut service = yard.serve();
    service.ready();
    service.kill();
    yard.back_up();
    let other = Folder::new();
    let (from, key) = (yard.path("backups"), yard.path("key"));
    let args = ["restore", "--from", &from, "--identity-file", &key];
    let settings = [("PORTCULLIS_KEY_SECRET", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=")];
    let refused = run(&other, &args, &settings);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("its signing keys do not open") && said.contains("--without-keys"), "{said}");
    let left_out = run(&other, &[&args[..], &["--without-keys"]].concat(), &settings);
    assert_eq!(left_out.status.code(), Some(0), "{left_out:?}");
    let listed = run(&other, &["keys", "list", "--json"], &settings);
    assert!(String::from_utf8(listed.stdout).unwrap().contains("\"keys\": []"));
}

/// It is made by somebody who is not to be trusted with the key secret.
#[tokio::test]
async fn a_backup_of_mongodb_needs_no_key_secret() {
    let Some(yard) = Yard::on_mongodb().await else { return };
    yard.fill(1).await;
    let to = yard.path("backups");
    let settings = [&yard.settings()[..], &[("PORTCULLIS_KEY_SECRET", "")]].concat();
    let made = run(&yard.folder, &["backup", "--to", &to, "--unencrypted"], &settings);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let restored = run(&yard.folder, &["restore", "--from", &to, "--replace"], &settings);
    let said = String::from_utf8(restored.stderr).unwrap();
    assert!(said.contains("PORTCULLIS_KEY_SECRET"), "{said}");
    yard.store().close().await;
}

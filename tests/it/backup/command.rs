//! The commands: what they take, what they say, and how they end.

use std::fs;

use super::{Yard, on_both_stores};
use crate::support::{folder::Folder, process::run};

on_both_stores!(
    a_store_that_is_not_empty_is_left_alone_unless_told_otherwise,
    only_so_many_are_kept,
    all_is_read_from_the_environment_in_a_cluster,
);

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

    // Of somebody whose clock was ahead: the one that was just made is no old one.
    let ahead = "portcullis-29991231T235959.000Z.jsonl.gz.age";
    fs::write(notes.with_file_name(ahead), "x").unwrap();
    let last = back_up("1");
    assert_eq!(listed(), [last["name"].clone()]);
    fs::write(notes.with_file_name(ahead), "x").unwrap();
    let next = back_up("2");
    assert_eq!(listed(), [serde_json::json!(ahead), next["name"].clone()]);
    assert_eq!(back_up("0")["removed"], serde_json::json!([]));
    assert_eq!(listed().len(), 3);
}

/// A backup says where, for whom and how many; whoever restores it says with what, and is never asked to write it down.
async fn all_is_read_from_the_environment_in_a_cluster(yard: &Yard) {
    yard.fill(3).await;
    let (to, key) = (yard.path("backups"), yard.path("key"));
    let run_with = |args: &[&str], more: &[(&str, &str)]| {
        let place = ("PORTCULLIS_BACKUP_TO", to.as_str());
        run(&yard.folder, args, &[&yard.settings()[..], &[place], more].concat())
    };
    let recipients = format!(" {}, {}", yard.recipient, yard.recipient);
    let keep = [("PORTCULLIS_BACKUP_RECIPIENTS", recipients.as_str()), ("PORTCULLIS_BACKUP_KEEP", "1")];
    for _ in 0..2 {
        let made = run_with(&["backup"], &keep);
        assert_eq!(made.status.code(), Some(0), "{made:?}");
    }
    yard.file();
    let listed = run_with(&["backup", "list"], &[]);
    assert_eq!(String::from_utf8(listed.stdout).unwrap().lines().count(), 2);

    let nobody = run_with(&["backup"], &[]);
    assert_eq!(nobody.status.code(), Some(2));
    assert!(String::from_utf8(nobody.stderr).unwrap().starts_with("say who can read it: --recipient"));
    let wrong = run_with(&["backup"], &[("PORTCULLIS_BACKUP_RECIPIENTS", "age1nobody")]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        String::from_utf8(wrong.stderr)
            .unwrap()
            .starts_with("PORTCULLIS_BACKUP_RECIPIENTS: number 1 is not a recipient")
    );

    let identity = [("PORTCULLIS_BACKUP_IDENTITY_FILE", key.as_str())];
    for args in [&["restore", "--verify"][..], &["restore", "--replace"]] {
        let restored = run_with(args, &identity);
        assert_eq!(restored.status.code(), Some(0), "{restored:?}");
    }
}

/// What is only read is not brought back, whatever there is to bring it back to.
#[tokio::test]
async fn a_backup_is_read_to_its_end_without_a_store() {
    let yard = Yard::on_sqlite();
    let mut service = yard.serve();
    service.ready();
    service.kill();
    yard.fill(1_000).await;
    let made = yard.back_up();
    let (other, from, key) = (Folder::new(), yard.path("backups"), yard.path("key"));
    let verify = |rest: &[&str]| {
        let args = ["restore", "--verify", "--from", &from, "--identity-file", &key];
        // An address at which nobody is.
        let settings =
            [("PORTCULLIS_STORE_URL", "mongodb://127.0.0.1:1/auth"), ("PORTCULLIS_KEY_SECRET", "")];
        run(&other, &[&args[..], rest].concat(), &settings)
    };
    let checked = verify(&["--without-keys", "--json"]);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    let checked: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    for same in ["name", "size", "collections"] {
        assert_eq!(checked[same], made[same]);
    }
    assert!(checked["seconds"].as_f64().unwrap() > 0.0);
    let checked = verify(&["--without-keys"]);
    assert!(String::from_utf8(checked.stdout).unwrap().contains("is whole. Nothing was restored.\n"));
    assert_eq!(verify(&["--without-keys", "--replace"]).status.code(), Some(2));

    // Where there is a data directory with no key secret in it, none is made: it would open nothing.
    let args = ["restore", "--verify", "--from", &from, "--identity-file", &key];
    let said = run(&other, &args, &[("PORTCULLIS_KEY_SECRET", "")]);
    assert!(String::from_utf8(said.stderr).unwrap().contains("its signing keys do not open"));
    assert!(fs::read_dir(other.path()).unwrap().next().is_none(), "nothing was written");

    let mut bytes = fs::read(yard.file()).unwrap();
    bytes.pop();
    fs::write(yard.file(), bytes).unwrap();
    let said = verify(&["--without-keys"]);
    assert_eq!(said.status.code(), Some(1));
    assert!(String::from_utf8(said.stderr).unwrap().ends_with("its end is missing or damaged\n"));
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
        &["backup", "--to", &to, "--recipient", recipient, "--keep", "-1"],
        &["backup", "--to", "https://h/b", "--unencrypted"],
        &["backup", "--to", "s3://B/..", "--unencrypted"],
        &["backup", "list"],
        &["restore"],
        &["restore", "--from", ""],
        &["restore", "--from", &to, "--verify", "--replace"],
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

#[test]
fn the_secret_half_of_a_key_is_refused_and_never_repeated() {
    let yard = Yard::on_sqlite();
    let key = yard.path("key");
    let secret = fs::read_to_string(&key).unwrap();
    let secret = secret.lines().last().unwrap();
    let to = yard.path("backups");
    let by_variable = [("PORTCULLIS_BACKUP_RECIPIENTS", secret)];
    for (args, settings, place) in [
        (&["--recipients-file", &key][..], &[][..], ": line 2 is the secret half"),
        (&["--recipient", secret], &[], "--recipient: number 1 is the secret half"),
        (&[], &by_variable, "PORTCULLIS_BACKUP_RECIPIENTS: number 1 is the secret half"),
    ] {
        let refused = run(&yard.folder, &[&["backup", "--to", &to], args].concat(), settings);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(place) && !said.contains(secret), "{said}");
    }
    let shown = run(&yard.folder, &["config"], &by_variable);
    assert!(!String::from_utf8(shown.stdout).unwrap().contains(secret));
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
    assert!(said.contains(": line 1 is not a recipient"), "{said}");
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

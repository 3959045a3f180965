//! Where the report of an import is written, and what it never replaces.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::{PermissionsExt, symlink},
    process::{Command, Output},
};

use serde_json::json;

use super::Gate;
use crate::support::{folder::Folder, people::NODE_HASH, process::run};

const OLDER: &str = "of last week\n";

fn people() -> String {
    let ada = json!({ "email": "ada@example.org", "passwordHash": NODE_HASH });
    format!("{ada}\n{}\n", json!({ "email": "eve@example.org", "passwordHash": "none" }))
}

fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test]
async fn the_report_never_takes_the_place_of_what_is_read() {
    let gate = Gate::on_sqlite().await;
    let (file, text) = (gate.write("people.ndjson", &people()), people());
    let links = ["soft", "hard"].map(|name| gate.folder.file(name).to_str().unwrap().to_owned());
    symlink(&file, &links[0]).unwrap();
    fs::hard_link(&file, &links[1]).unwrap();
    let key = gate.write("key", "AAAAAAAAAAAAAAAAAAAAAA==");
    for args in [
        &[&file, "--report", &file][..],
        &[&file, "--report", &file, "--dry-run"],
        &[&file, "--report", &links[0]],
        &[&links[0], "--report", &file],
        &[&file, "--report", &links[1]],
        &[&file, "--firebase-signer-key-file", &key, "--report", &key],
    ] {
        let output = gate.import(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        assert!(complained(&output).contains("would replace what is read"), "{output:?}");
    }
    let redirected = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["users", "import", "-", "--report", &file])
        .env("PORTCULLIS_DATA_DIR", gate.folder.path())
        .stdin(File::open(&file).unwrap())
        .output()
        .unwrap();
    assert_eq!(redirected.status.code(), Some(2), "{redirected:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(fs::read_to_string(&key).unwrap(), "AAAAAAAAAAAAAAAAAAAAAA==");
    assert_eq!(gate.users().await.len(), 0, "nothing was begun");
}

#[tokio::test]
async fn an_older_report_stays_where_there_was_nobody_to_tell_of() {
    let gate = Gate::on_sqlite().await;
    let (file, empty) = (gate.write("people.ndjson", &people()), gate.write("empty", "\n\n"));
    let (keep, nowhere) = (gate.write("keep.txt", OLDER), Folder::new());
    let nope = gate.folder.file("nope.ndjson").to_str().unwrap().to_owned();
    for input in [nope.as_str(), gate.folder.path().to_str().unwrap(), &empty] {
        let output = gate.import(&[input, "--report", &keep]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(fs::read_to_string(&keep).unwrap(), OLDER, "{input}");
    }
    let output = run(&nowhere, &["users", "import", &file, "--report", &keep], &[]);
    assert!(complained(&output).starts_with("there is no store at "), "{output:?}");
    assert_eq!(fs::read_to_string(&keep).unwrap(), OLDER);
    assert!(!gate.folder.file("keep.txt.partial").exists());
}

#[tokio::test]
async fn a_report_replaces_an_older_one_where_that_lies_and_leaves_nothing_beside_it() {
    let gate = Gate::on_sqlite().await;
    let (file, older) = (gate.write("people.ndjson", &people()), gate.write("older", OLDER));
    fs::set_permissions(&older, fs::Permissions::from_mode(0o644)).unwrap();
    let link = gate.folder.file("link");
    symlink(&older, &link).unwrap();
    // Of somebody who was killed: it is theirs.
    let leftover = gate.write("older.partial", "half");

    let output = gate.import(&[&file, "--report", link.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report = fs::read_to_string(&older).unwrap();
    assert!(report.contains("\"code\":\"hash_unknown\"") && report.lines().count() == 1, "{report}");
    assert_eq!(fs::metadata(&older).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(leftover).unwrap(), "half");
    assert!(!gate.folder.file("older.partial1").exists());

    let output = gate.import(&[&file, "--report", "/dev/stderr"]);
    assert!(complained(&output).contains("\"code\":\"hash_unknown\""), "{output:?}");
    // Also where that leads to a file which has been written to before.
    let log = gate.write("log", OLDER);
    let ended = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["users", "import", &file, "--report", "/dev/stderr"])
        .env("PORTCULLIS_DATA_DIR", gate.folder.path())
        .stderr(OpenOptions::new().append(true).open(&log).unwrap())
        .status();
    assert_eq!(ended.unwrap().code(), Some(1));
    let log = fs::read_to_string(&log).unwrap();
    assert!(log.starts_with(OLDER) && log.contains("\"code\":\"hash_unknown\""), "{log}");
    let folder = gate.folder.path().to_str().unwrap();
    let output = gate.import(&[&file, "--report", folder]);
    assert!(output.status.code() == Some(1) && complained(&output).starts_with(folder), "{output:?}");
}

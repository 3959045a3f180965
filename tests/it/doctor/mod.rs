//! `portcullis doctor` on one machine: the real binary says what is wrong with the configuration, the store and the service.

mod hosts;
#[cfg(feature = "kube")]
mod kubeconfig;
mod outlets;

use std::{fs, process::Output, time::Duration};

use serde_json::Value;

use crate::support::{
    folder::Folder,
    mongod::{self, ReplicaSet},
    process::{Process, run},
};

/// As (check, state, what).
type Found = Vec<(String, String, String)>;

/// What it found, and its exit code.
fn findings(output: &Output) -> (Found, i32) {
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = answer["findings"].as_array().unwrap();
    for finding in findings {
        assert_eq!(finding["advice"].is_null(), finding["state"] == "fine", "{finding}");
    }
    let findings = findings.iter().map(|it| (text(it, "check"), text(it, "state"), text(it, "what")));
    (findings.collect(), output.status.code().unwrap())
}

/// What other tests set to be quick or alone would be warned about.
const AS_MEANT: [(&str, &str); 4] = [
    ("PORTCULLIS_PASSWORD_COST", "standard"),
    ("PORTCULLIS_PUBLIC_LISTEN", "127.0.0.1:3000"),
    ("PORTCULLIS_MAIL_URL", "log:"),
    ("PORTCULLIS_THROTTLE_PRESET", "standard"),
];

fn look(folder: &Folder, args: &[&str], settings: &[(&str, &str)]) -> (Found, i32) {
    findings(&run(folder, &[&["doctor", "--json"], args].concat(), &[&AS_MEANT, settings].concat()))
}

/// Whether one of them is so, and speaks of it.
fn says(found: &[(String, String, String)], check: &str, state: &str, word: &str) -> bool {
    found.iter().any(|(of, is, what)| of == check && is == state && what.contains(word))
}

fn beside_a_running_service(settings: &[(&str, &str)], findings: &[(&str, &str, &str)]) {
    let folder = Folder::new();
    let mut process = Process::start(&folder, settings);
    let internal = process.ready().internal.to_string();
    let settings = [settings, &[("PORTCULLIS_INTERNAL_LISTEN", internal.as_str())]].concat();
    let (mut found, code) = look(&folder, &[], &settings);
    // The machine's own disk may be nearly full.
    found.retain(|(_, _, what)| !what.contains("its disk is"));
    for (check, state, word) in findings {
        assert!(says(&found, check, state, word), "{check} {word}: {found:?}");
    }
    assert_eq!((found.len(), code), (findings.len(), 0), "{found:?}");
}

const WELL: [(&str, &str, &str); 6] = [
    ("configuration", "fine", "read"),
    ("store", "fine", "schema"),
    ("store", "fine", "a read and a write"),
    ("mail", "fine", "can be sent"),
    ("outlets", "fine", "nowhere"),
    ("health", "fine", "well"),
];

#[test]
fn a_service_that_is_well_is_told_so_on_sqlite() {
    beside_a_running_service(&[], &WELL);
}

#[tokio::test]
async fn a_service_that_is_well_is_told_so_on_mongodb_with_its_clock() {
    let Some(set) = mongod::shared().await else { return };
    let url = set.url(&mongod::database_name());
    let findings = [&WELL[..], &[("clock", "fine", "the store's clock")]].concat();
    beside_a_running_service(&[("PORTCULLIS_STORE_URL", &url)], &findings);
}

#[test]
fn what_is_not_there_is_no_fault_and_is_not_made() {
    let folder = Folder::new();
    let (found, code) = look(&folder, &[], &[("PORTCULLIS_INTERNAL_LISTEN", "127.0.0.1:1")]);
    assert!(says(&found, "store", "warning", "there is no store at"), "{found:?}");
    assert!(says(&found, "health", "unknown", "no service answers"), "{found:?}");
    assert_eq!(code, 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_no_store_of_this_release_is_told_and_left_alone() {
    for (content, word) in
        [("", "or none"), ("by no means a database, but long enough for one", "not a SQLite database")]
    {
        let folder = Folder::new();
        fs::write(folder.file("portcullis.db"), content).unwrap();
        let (found, code) = look(&folder, &[], &[]);
        assert!(says(&found, "store", "wrong", word), "{found:?}");
        assert_eq!(code, 1);
        assert_eq!(fs::read_to_string(folder.file("portcullis.db")).unwrap(), content);
    }
}

#[test]
fn mail_that_would_not_go_is_told_with_why() {
    let away = ("PORTCULLIS_MAIL_URL", "smtp://127.0.0.1:1?tls=none");
    for (settings, word) in [
        ([away, ("PORTCULLIS_MAIL_LIMIT", "5")], "refused"),
        ([away, ("PORTCULLIS_MAIL_FROM", "me")], "PORTCULLIS_MAIL_FROM"),
        ([away, ("PORTCULLIS_MAIL_TEMPLATES", "/nowhere")], "/nowhere is no directory"),
        ([("PORTCULLIS_MAIL_URL", "smtps://127.0.0.1"), ("PORTCULLIS_MAIL_CA_FILE", "/nowhere")], "/nowhere"),
    ] {
        let (found, code) = look(&Folder::new(), &[], &settings);
        assert!(says(&found, "mail", "wrong", word), "{settings:?}: {found:?}");
        assert_eq!(code, 1);
    }
}

#[test]
fn every_fault_of_the_configuration_is_a_finding() {
    let folder = Folder::new();
    let settings =
        [("PORTCULLIS_LOG_FORMAT", "xml"), ("PORTCULLIS_SESSION_PRESET", "none"), ("PORTCULLIS_TPYO", "x")];
    let (found, code) = look(&folder, &[], &settings);
    for (state, word) in [
        ("wrong", "PORTCULLIS_LOG_FORMAT"),
        ("wrong", "PORTCULLIS_SESSION_PRESET"),
        ("warning", "PORTCULLIS_TPYO"),
    ] {
        assert!(says(&found, "configuration", state, word), "{found:?}");
    }
    assert_eq!((found.len(), code), (3, 1), "{found:?}");
}

#[tokio::test]
async fn a_database_that_is_away_new_or_not_initiated_is_told_with_what_to_do() {
    let nowhere = "mongodb://ada:hunter2@127.0.0.1:1/auth?replicaSet=rs0&serverSelectionTimeoutMS=500";
    let output = run(&Folder::new(), &["doctor", "--json"], &[("PORTCULLIS_STORE_URL", nowhere)]);
    assert!(!format!("{output:?}").contains("hunter2"), "{output:?}");
    let (found, code) = findings(&output);
    assert!(says(&found, "store", "wrong", "cannot be reached") && code == 1, "{found:?}");

    let Some(set) = mongod::shared().await else { return };
    let url = set.url(&mongod::database_name());
    let (found, _) = look(&Folder::new(), &[], &[("PORTCULLIS_STORE_URL", &url)]);
    assert!(says(&found, "store", "wrong", "earlier release, or none"), "{found:?}");
    let names = set.client().await.list_database_names().await.unwrap();
    assert!(names.iter().all(|name| !url.contains(&format!("/{name}?"))), "it made a database: {names:?}");

    let Some(set) = ReplicaSet::to_be().await else { return };
    let url = set.url(&mongod::database_name());
    let (found, _) = look(&Folder::new(), &[], &[("PORTCULLIS_STORE_URL", &url)]);
    assert!(says(&found, "store", "wrong", "rs.initiate()"), "{found:?}");
}

#[tokio::test]
async fn a_set_without_a_primary_is_told_and_who_can_be_asked() {
    let Some(set) = ReplicaSet::three(Duration::from_secs(1)).await else { return };
    let primary = set.primary().await.unwrap();
    (0..3).filter(|member| *member != (primary + 1) % 3).for_each(|member| set.kill(member));
    let url = set.url(&mongod::database_name());
    let (found, code) = look(&Folder::new(), &[], &[("PORTCULLIS_STORE_URL", &url)]);
    assert!(says(&found, "store", "wrong", "has no primary: of its members only 127.0.0.1:"), "{found:?}");
    assert_eq!(code, 1);
}

#[test]
fn people_get_the_worst_first_with_what_to_do_and_a_count_at_the_end() {
    let folder = Folder::new();
    fs::write(folder.file("portcullis.db"), "by no means a database, but long enough for one").unwrap();
    let output = run(&folder, &["doctor"], &AS_MEANT);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("store\n  wrong    ") && text.contains("\n           do: "), "{text}");
    assert!(text.ends_with("1 wrong, 0 warning, 1 unknown, 3 fine\n"), "{text}");
    let code = |args: &[&str]| run(&folder, args, &[]).status.code();
    assert_eq!(code(&["doctor", "--namespace", "x"]), Some(2), "only a cluster has namespaces");
    assert_eq!(code(&["doctor", "--connect", "nowhere"]), Some(2));
    let help = run(&folder, &["doctor", "--help"], &[]);
    assert!(String::from_utf8_lossy(&help.stdout).contains("exits 1 if anything is wrong"));
}

/// What a real API server says is asked by `make test-api`.
#[test]
fn no_cluster_is_told_as_such() {
    let folder = Folder::new();
    let settings = [("KUBECONFIG", "/nowhere/config"), ("HOME", "/nowhere")];
    let (found, code) = look(&folder, &["--cluster"], &settings);
    assert!(says(&found, "cluster", "wrong", "no cluster to talk to"), "{found:?}");
    assert_eq!((found.len(), code), (1, 1));
}

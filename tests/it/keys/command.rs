//! `portcullis keys`, beside a running service.

use std::{fs, process::Output, time::Duration};

use serde_json::Value;
use tokio::time::sleep;

use crate::support::{
    browser::Browser,
    folder::Folder,
    mongod,
    process::{Process, run},
};

#[tokio::test]
async fn keys_are_listed_and_rotated_beside_a_running_service_on_sqlite() {
    beside_a_running_service(&[]).await;
}

#[tokio::test]
async fn keys_are_listed_and_rotated_beside_a_running_service_on_mongodb() {
    let Some(set) = mongod::shared().await else { return };
    let url = set.url(&mongod::database_name());
    beside_a_running_service(&[("PORTCULLIS_STORE_URL", &url)]).await;
}

async fn beside_a_running_service(settings: &[(&str, &str)]) {
    let folder = Folder::new();
    let mut process = Process::start(&folder, settings);
    let sockets = process.ready();
    let json = |args: &[&str]| -> Value {
        let output = run(&folder, args, settings);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(states(&json(&["keys", "list", "--json"])), ["active"]);

    let made = json(&["keys", "rotate", "--json"]);
    assert_eq!(states(&made), ["next"]);
    assert_eq!(json(&["keys", "rotate", "--json"]), made, "asking twice makes one");
    assert_eq!(states(&json(&["keys", "list", "--json"])), ["active", "next"]);

    let table = run(&folder, &["keys", "list"], settings);
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.starts_with("KEY ") && table.lines().count() == 3, "{table}");

    // The service finds it by itself, long before it signs.
    let kid = &made["keys"][0]["id"];
    for _ in 0..150 {
        let published = Browser::to(sockets.public).get("/.well-known/jwks.json").await.json();
        if published["keys"].as_array().unwrap().iter().any(|key| key["kid"] == *kid) {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("the service never published the next key");
}

fn states(keys: &Value) -> Vec<&str> {
    keys["keys"].as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap()).collect()
}

#[test]
fn misuse_is_2_failure_is_1_and_help_has_an_example() {
    let folder = Folder::new();
    let code = |output: Output| output.status.code();
    assert_eq!(code(run(&folder, &["keys"], &[])), Some(2));
    assert_eq!(code(run(&folder, &["keys", "burn"], &[])), Some(2));
    for verb in ["list", "rotate"] {
        let output = run(&folder, &["keys", verb], &[]);
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("there is no store at "), "{output:?}");
        assert_eq!(code(output), Some(1));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "and none is made");
    let nowhere = ("PORTCULLIS_STORE_URL", "sqlite:/proc/nowhere/p.db");
    assert_eq!(code(run(&folder, &["keys", "list"], &[nowhere])), Some(1));
    for args in [&["keys", "--help"][..], &["keys", "list", "--help"], &["keys", "rotate", "--help"]] {
        let help = run(&folder, args, &[]);
        assert!(String::from_utf8_lossy(&help.stdout).contains("Example"), "{help:?}");
        assert_eq!(code(help), Some(0));
    }
}

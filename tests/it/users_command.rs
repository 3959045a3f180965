//! `portcullis users`, beside a running service.

use std::process::Output;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    browser::{Browser, PASSWORD},
    folder::Folder,
    mongod,
    patience::until,
    process::{Process, run},
};

#[tokio::test]
async fn accounts_are_looked_after_beside_a_running_service_on_sqlite() {
    beside_a_running_service(&[]).await;
}

#[tokio::test]
async fn accounts_are_looked_after_beside_a_running_service_on_mongodb() {
    let Some(set) = mongod::shared().await else { return };
    let url = set.url(&mongod::database_name());
    beside_a_running_service(&[("PORTCULLIS_STORE_URL", &url)]).await;
}

async fn beside_a_running_service(settings: &[(&str, &str)]) {
    let folder = Folder::new();
    let mut process = Process::start(&folder, settings);
    let sockets = process.ready();
    let users = |args: &[&str]| run(&folder, &[&["users"], args].concat(), settings);
    let json = |args: &[&str]| -> Value {
        let output = users(&[args, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let mut ada = Browser::to(sockets.public);
    let id = ada.sign_up("Ada@Example.org").await.json()["id"].clone();
    Browser::to(sockets.public).sign_up("eve@example.org").await;

    let listed = json(&["list"]);
    let addresses: Vec<_> = listed["users"].as_array().unwrap().iter().map(|user| &user["email"]).collect();
    assert_eq!(addresses, ["Ada@Example.org", "eve@example.org"]);
    let shown = json(&["show", "ADA@example.org"]);
    assert_eq!((&shown["user"]["id"], &shown["sessions"]), (&id, &json!(1)));
    assert_eq!(json(&["show", id.as_str().unwrap()])["user"], shown["user"]);

    // The first administrator, and it counts at once for whoever is signed in.
    let given = json(&["roles", "ada@example.org", "admin", "box-office"]);
    assert_eq!((&given["changed"], &given["user"]["roles"]), (&json!(true), &json!(["admin", "box-office"])));
    until("the service knows the roles", async || {
        ada.get("/api/users/currentuser").await.json()["currentUser"]["roles"]
            == json!(["admin", "box-office"])
    })
    .await;
    assert_eq!(json(&["roles", "ada@example.org", "admin"])["changed"], false);
    assert_eq!(json(&["list", "--role", "admin"])["users"].as_array().unwrap().len(), 1);
    assert_eq!(
        json(&["roles", "ada@example.org", "--take", "admin,nobody"])["user"]["roles"],
        json!(["box-office"])
    );
    assert_eq!(json(&["roles", "ada@example.org"])["user"]["roles"], json!(["box-office"]));

    assert_eq!(json(&["disable", "ada@example.org"])["user"]["status"], "disabled");
    until("her session has ended", async || ada.current_user().await.is_none()).await;
    let mut again = Browser::to(sockets.public);
    assert_eq!(again.sign_in("ada@example.org", PASSWORD).await.codes(), ["invalid_credentials"]);
    assert_eq!(json(&["list", "--disabled"])["users"][0]["id"], id);
    assert_eq!(json(&["disable", "ada@example.org"])["changed"], false);
    assert_eq!(json(&["enable", "ada@example.org"])["changed"], true);
    assert_eq!(again.sign_in("ada@example.org", PASSWORD).await.status, 200);

    let text = |args: &[&str]| String::from_utf8(users(args).stdout).unwrap();
    assert!(text(&["list"]).starts_with("ADDRESS ") && text(&["list"]).ends_with("2 users\n"));
    assert!(text(&["list", "--role", "box-office"]).ends_with("\n1 user\n"));
    assert!(text(&["list", "--leaving"]).ends_with("ROLES\n0 users\n"));
    let shown = text(&["show", "ada@example.org"]);
    assert!(shown.contains("status      active\n") && shown.contains("Z, as scrypt\n"), "{shown}");
    assert!(text(&["enable", "ada@example.org"]).ends_with("It was so before.\n"));
    let roles = text(&["roles", "ada@example.org"]);
    assert!(roles.contains("roles       box-office\n") && !roles.contains("It was so"), "{roles}");
    for args in [
        &["list"][..],
        &["show", "ada@example.org"],
        &["list", "--json"],
        &["show", "ada@example.org", "--json"],
    ] {
        assert!(!text(args).contains("$scrypt"), "no hash is ever shown");
    }
    let left = again.try_ask(Method::DELETE, "/api/users/me", Some(json!({ "password": PASSWORD }))).await;
    assert_eq!(left.unwrap().status, 202);
    assert_eq!(json(&["show", "ada@example.org"])["user"]["status"], "leaving");
    assert!(text(&["show", "ada@example.org"]).contains("status      leaving\n"));
    let leaving = json(&["list", "--leaving"])["users"].clone();
    assert_eq!((&leaving[0]["id"], leaving.as_array().unwrap().len()), (&id, 1));
    assert_eq!(json(&["disable", "ada@example.org"])["user"]["status"], "disabled");
    assert_eq!(json(&["list", "--leaving", "--disabled"])["users"][0]["id"], id);

    let unknown = users(&["disable", "nobody@example.org"]);
    assert_eq!((unknown.status.code(), said(&unknown)), (Some(1), "there is no such user\n".to_owned()));
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn misuse_is_2_failure_is_1_and_help_has_an_example() {
    let folder = Folder::new();
    let users = |args: &[&str]| run(&folder, &[&["users"], args].concat(), &[]);
    for args in [
        &[][..],
        &["burn"],
        &["show"],
        &["show", "no address"],
        &["roles", "ada@example.org", "NO ROLE"],
        &["roles", "ada@example.org", "admin", "--take", "box-office,admin"],
    ] {
        assert_eq!(users(args).status.code(), Some(2), "{args:?}");
    }
    for args in [&["list"][..], &["show", "ada@example.org"], &["disable", "ada@example.org"]] {
        let output = users(args);
        assert!(said(&output).starts_with("there is no store at ") && output.stdout.is_empty(), "{output:?}");
        assert_eq!(output.status.code(), Some(1));
    }
    for args in [
        &["--help"][..],
        &["list", "--help"],
        &["show", "--help"],
        &["disable", "--help"],
        &["roles", "--help"],
    ] {
        let help = users(args);
        assert!(String::from_utf8_lossy(&help.stdout).contains("Example"), "{help:?}");
    }
}

//! What comes in lines of JSON: it is counted, named, reported, and lets its owners in.

use std::{fs, os::unix::fs::PermissionsExt};

use portcullis::domain::event::EventKind;
use serde_json::{Value, json};

use super::{Gate, on_both_stores};
use crate::support::{browser::Browser, events::details_in, people::NODE_HASH};

on_both_stores!(people_come_in_beside_a_running_service, what_was_read_from_a_pipe_is_the_same);

const BCRYPT: &str = "$2b$06$xWggYb.8fol4IgEkkMO9wetAzkXlIjsx.RHn/d7gwUUWWLs/5I5Me";

/// Of the sample in the README of github.com/firebase/scrypt.
const SIGNER: &str =
    "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";
const FIREBASE: &str =
    "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";

fn people() -> String {
    [
        json!({ "email": "Ada@example.org", "passwordHash": NODE_HASH, "roles": ["admin"], "emailVerified": true }),
        json!({ "email": "eve@example.org", "passwordHash": BCRYPT, "createdAt": "2019-04-01T12:00:00Z" }),
        json!({ "email": "fire@example.org", "passwordHash": FIREBASE, "salt": "42xEC+ixf3L2lw==" }),
        json!({ "email": "ADA@example.org", "passwordHash": BCRYPT }),
        json!({ "email": "nobody@example.org", "passwordHash": "secret1" }),
    ]
    .map(|person| format!("{person}\n"))
    .concat()
}

async fn people_come_in_beside_a_running_service(gate: &Gate) {
    let (file, key) = (gate.write("people", &people()), gate.write("key", SIGNER));
    let report = gate.folder.file("report").to_str().unwrap().to_owned();
    let mut service = gate.serve();
    let sockets = service.ready();
    let firebase = ["--firebase-signer-key-file", &key];

    let (dry, code) = gate.json(&[&[file.as_str(), "--dry-run"], &firebase[..]].concat());
    let algorithms = json!({ "scrypt of Node": 1, "bcrypt": 2, "scrypt of Firebase": 1 });
    assert_eq!((&dry["read"], &dry["refused"], &dry["algorithms"]), (&json!(5), &json!(1), &algorithms));
    assert_eq!((&dry["added"], &dry["dryRun"], code), (&json!(0), &json!(true), Some(1)));
    assert_eq!(gate.users().await.len(), 0, "nothing was written");

    let output = gate.import(&[&[file.as_str(), "--report", &report], &firebase[..]].concat());
    let (said, complained) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{complained}");
    assert!(said.starts_with("ALGORITHM ") && said.contains("\nscrypt of Firebase "), "{said}");
    assert!(said.ends_with(": 3 added, 0 added before, 1 duplicate, 1 refused.\n"), "{said}");
    assert!(complained.contains("line 4: ADA@example.org: the address is somebody else's"), "{complained}");
    assert!(complained.contains("line 5: the password hash is of no known format"), "{complained}");
    assert!(!format!("{said}{complained}").contains("secret1"), "{complained}");

    let told = details_in(gate.store(), EventKind::UsersImported).await;
    assert_eq!(told, ["people"], "it is written down what was read, and not where it lay");
    let lines = fs::read_to_string(&report).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named: Vec<_> = lines.iter().map(|line| (&line["line"], &line["code"], &line["email"])).collect();
    assert_eq!(
        named,
        [
            (&json!(5), &json!("hash_unknown"), &Value::Null),
            (&json!(4), &json!("duplicate"), &json!("ADA@example.org"))
        ]
    );
    assert_eq!(fs::metadata(&report).unwrap().permissions().mode() & 0o777, 0o600);

    for (address, password) in [
        ("ada@example.org", "correct horse"),
        ("eve@example.org", "correct horse battery"),
        ("fire@example.org", "user1password"),
    ] {
        let mut browser = Browser::to(sockets.public);
        assert_eq!(browser.sign_in(address, "wrong horse").await.codes(), ["invalid_credentials"]);
        assert_eq!(browser.sign_in(address, password).await.status, 200, "{address}");
    }
    let mut ada = Browser::to(sockets.public);
    let answer = ada.sign_in("ada@example.org", "correct horse").await.json();
    assert_eq!((&answer["roles"], &answer["emailVerified"]), (&json!(["admin"]), &json!(true)), "{answer}");

    // They have new hashes by now, and are still known.
    let (again, code) = gate.json(&[&[file.as_str()], &firebase[..]].concat());
    assert_eq!(
        (&again["added"], &again["addedBefore"], &again["duplicates"]),
        (&json!(0), &json!(3), &json!(1))
    );
    assert_eq!(code, Some(1));
    let known = people().lines().take(3).collect::<Vec<_>>().join("\n");
    let known = gate.write("known", &known);
    assert_eq!(gate.json(&[&[known.as_str()], &firebase[..]].concat()).1, Some(0), "nobody was left out");
}

async fn what_was_read_from_a_pipe_is_the_same(gate: &Gate) {
    let line = json!({ "email": "ada@example.org", "passwordHash": BCRYPT });
    let file = gate.write("people", &format!("{line}\n"));
    let piped = std::process::Command::new("sh")
        .args([
            "-c",
            "cat \"$1\" | { sleep 1; cat; } | \"$0\" users import - --json",
            env!("CARGO_BIN_EXE_portcullis"),
        ])
        .arg(&file)
        .env("PORTCULLIS_DATA_DIR", gate.folder.path())
        .env("PORTCULLIS_KEY_SECRET", crate::support::service::KEY_SECRET)
        .envs(gate.settings())
        .output()
        .unwrap();
    assert_eq!(piped.status.code(), Some(0), "{piped:?}");
    let told: Value = serde_json::from_slice(&piped.stdout).unwrap();
    assert_eq!(told["added"], 1);
    assert_eq!(gate.json(&[&file]).0["addedBefore"], 1);
}

#[tokio::test]
async fn misuse_is_2_failure_is_1_and_help_says_what_a_line_is() {
    let gate = Gate::on_sqlite().await;
    let file = gate.write("people", &people());
    let key = gate.write("key", SIGNER);
    for args in [
        &[][..],
        &[&file, "--from-mongodb", "mongodb://h/d"],
        &["--from-mongodb", "mongodb://h/d", "--from-mongodb-file", &file],
        &[&file, "--collection", "users"],
        &[&file, "--firebase-signer-key-file", &key, "--firebase-mem-cost", "40"],
        &[&file, "--firebase-signer-key-file", &file],
    ] {
        let output = gate.import(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains(SIGNER), "{output:?}");
    }
    for args in [
        &["/nowhere/people"][..],
        &[&file, "--report", "/nowhere/report"],
        &["--from-mongodb-file", "/nowhere"],
    ] {
        let output = gate.import(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains("/nowhere"), "{output:?}");
    }
    let help = String::from_utf8(gate.import(&["--help"]).stdout).unwrap();
    assert!(help.contains("Examples:") && help.contains("\"passwordHash\""), "{help}");
}

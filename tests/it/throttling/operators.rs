//! Who waits can be seen and ended beside the running service.

use serde_json::json;

use super::{ADA, ON, guess, throttled};
use crate::support::{
    browser::{Browser, PASSWORD},
    folder::Folder,
    patience::until,
    process::{Process, run},
};

#[tokio::test]
async fn an_operator_lets_somebody_try_again() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[ON]);
    let mut ada = Browser::to(process.ready().public);
    ada.sign_up(ADA).await;
    ada.cookie = None;
    until("she would have to wait for long", async || {
        let answer = guess(&mut ada, ADA).await;
        answer.status == 429 && throttled(&answer) > 3
    })
    .await;
    let list = |args: &[&str]| {
        let list = run(&folder, &[&["throttle", "list"], args].concat(), &[ON]);
        String::from_utf8(list.stdout).unwrap()
    };
    let listed = list(&[]);
    assert!(
        listed.contains("passwords of ada@example.org   ") && listed.contains(" from 127.0.0.1 "),
        "{listed}"
    );
    let listed: serde_json::Value = serde_json::from_str(&list(&["--all", "--json"])).unwrap();
    let sign_ups = json!({ "counted": "sign_ups", "network": "127.0.0.1" });
    assert!(listed["counts"].as_array().unwrap().iter().any(|count| count["what"] == sign_ups), "{listed}");
    let cleared = run(&folder, &["throttle", "clear", "Ada@Example.org"], &[ON]);
    let said = String::from_utf8(cleared.stdout).unwrap();
    assert!(said.starts_with("Ada@Example.org may try again: "), "{said}");
    assert_eq!(list(&[]), "Nobody has to wait.\n");
    assert!(list(&["--all"]).contains("wrong pairs from 127.0.0.1 "));
    run(&folder, &["throttle", "clear", "127.0.0.1"], &[ON]);
    assert!(!list(&["--all"]).contains("127.0.0.1"));
    assert_eq!(ada.sign_in(ADA, PASSWORD).await.status, 200);
    let code = |args: &[&str]| run(&folder, args, &[]).status.code();
    assert_eq!((code(&["throttle"]), code(&["throttle", "clear", "ada@"])), (Some(2), Some(2)));
    assert_eq!(run(&Folder::new(), &["throttle", "clear", ADA], &[]).status.code(), Some(1));
}

#[tokio::test]
async fn a_proxy_that_nobody_has_named_is_told_of_once() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[ON]);
    let sockets = process.ready();
    let mut ada = Browser::to(sockets.public);
    ada.sign_up(ADA).await;
    let warnings = |process: &mut Process| {
        process.so_far().iter().filter(|line| line.contains("does not name it")).count()
    };
    assert_eq!(warnings(&mut process), 0);
    ada.forwarded_for = Some("203.0.113.7".to_owned());
    for _ in 0..3 {
        ada.sign_in(ADA, PASSWORD).await;
    }
    let said = process.hears(|line| line.contains("does not name it"));
    assert!(said.contains("\"proxy\":\"127.0.0.1\"") && !said.contains("203.0.113.7"), "{said}");
    assert_eq!(warnings(&mut process), 1);
    let at = sockets.internal.to_string();
    let found = run(&Folder::new(), &["doctor", "--json"], &[("PORTCULLIS_INTERNAL_LISTEN", at.as_str())]);
    let found = String::from_utf8(found.stdout).unwrap();
    assert!(found.contains("warns: 127.0.0.1 says for whom it asks"), "{found}");
}

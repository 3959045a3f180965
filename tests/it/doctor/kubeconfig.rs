//! A kubeconfig may name a program that says who the reader is, and that program may hang.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::look;
use crate::support::{folder::Folder, process::run};

const HANGS: &str = r#"{
    "apiVersion": "v1", "kind": "Config", "current-context": "it",
    "clusters": [{ "name": "it", "cluster": { "server": "http://127.0.0.1:1" } }],
    "contexts": [{ "name": "it", "context": { "cluster": "it", "user": "it" } }],
    "users": [{ "name": "it", "user": { "exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sleep", "args": ["60"], "interactiveMode": "Never"
    } } }]
}"#;

#[test]
fn f_30_a_program_that_never_says_who_the_reader_is_is_not_waited_for() {
    let folder = Folder::new();
    let config = folder.file("kubeconfig");
    fs::write(&config, HANGS).unwrap();
    let settings = [("KUBECONFIG", config.to_str().unwrap())];

    let begun = Instant::now();
    let output = run(&folder, &["cluster", "secrets"], &settings);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("who you are") && output.status.code() == Some(1), "{said}");
    let (found, code) = look(&folder, &["--cluster"], &settings);
    assert!(found.iter().any(|(_, _, what)| what.contains("who you are")) && code == 1, "{found:?}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

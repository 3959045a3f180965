//! The real binary: what it prints of its configuration, and how it exits.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use portcullis::config::VARIABLES;

use crate::support::{process::ended, service::KEY_SECRET};

const SECRET: &str = "hunter2-hunter2";
const KEY: (&str, &str) = ("PORTCULLIS_KEY_SECRET", KEY_SECRET);

fn portcullis(args: &[&str], vars: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    ended(command.args(args).env_clear().envs(vars.iter().copied()).stdin(Stdio::null()))
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).join("\n")
}

#[test]
fn no_secret_is_ever_printed() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("store-url");
    let path = file.to_str().unwrap();
    for url in [
        format!("mongodb://ada:{SECRET}@host/auth?replicaSet=rs0"),
        format!("mongodb://host/auth?tlsCertificateKeyFilePassword={SECRET}"),
        format!("mongodb://ada:{SECRET}@"),
        format!("postgres://ada:{SECRET}@host"),
        format!("{SECRET}\n"),
    ] {
        fs::write(&file, &url).unwrap();
        for var in [
            ("PORTCULLIS_STORE_URL", url.as_str()),
            ("PORTCULLIS_STORE_URL_FILE", path),
            ("PORTCULLIS_STORE_URL_FILE", "mongodb://ada:hunter2-hunter2@host"),
        ] {
            for args in [&["config"][..], &["config", "--json"], &["serve"]] {
                // Where it is right, something else makes `serve` fail.
                let listen = if args == ["serve"] { "nowhere" } else { "127.0.0.1:3000" };
                let text = said(&portcullis(args, &[var, ("PORTCULLIS_PUBLIC_LISTEN", listen)]));
                assert!(text.contains("PORTCULLIS_"), "{text}");
                assert!(!text.contains(SECRET), "{text}");
            }
        }
    }
}

#[test]
fn the_config_command_masks_what_is_secret_and_says_where_all_of_it_is_from() {
    let url = format!("mongodb://ada:{SECRET}@host/auth?replicaSet=rs0");
    let vars = [("PORTCULLIS_STORE_URL", url.as_str()), ("PORTCULLIS_PASSWORD_COST", "node"), KEY];
    let table = portcullis(&["config"], &vars);
    assert_eq!(table.status.code(), Some(0));
    let line = said(&table).lines().find(|line| line.starts_with("PORTCULLIS_STORE_URL")).map(str::to_owned);
    let cells = line.as_deref().unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(cells, ["PORTCULLIS_STORE_URL", "mongodb://***@host/auth?replicaSet=rs0", "environment"]);
    assert!(said(&table).contains("warning: PORTCULLIS_PASSWORD_COST is node"));
    assert!(!said(&table).contains(KEY.1), "{}", said(&table));

    let json = portcullis(&["config", "--json"], &vars);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["settings"].as_array().unwrap().len(), VARIABLES.len());
    assert_eq!(json["settings"][0]["origin"], "default");
    assert_eq!(json["warnings"].as_array().unwrap().len(), 1);
}

#[test]
fn misconfigured_is_1_and_misused_is_2() {
    let wrong = portcullis(&["config"], &[("PORTCULLIS_LOG_FORMAT", "xml")]);
    assert_eq!((wrong.status.code(), wrong.stdout.is_empty()), (Some(1), true));
    assert_eq!(portcullis(&["confg"], &[]).status.code(), Some(2));
    assert_eq!(portcullis(&["config", "--xml"], &[]).status.code(), Some(2));
    assert_eq!(portcullis(&["config", "--help"], &[]).status.code(), Some(0));
}

#[test]
fn what_kubernetes_writes_for_our_services_is_ignored_silently() {
    let mut vars = vec![
        ("KUBERNETES_SERVICE_HOST".to_owned(), "10.0.0.1"),
        ("PORTCULLIS_STORE_URL".to_owned(), "sqlite:portcullis.db"),
        ("PORTCULLIS_MAIL_URL".to_owned(), "log:"),
    ];
    for service in ["PORTCULLIS", "PORTCULLIS_PUBLIC", "PORTCULLIS_INTERNAL"] {
        for (suffix, value) in [
            ("SERVICE_HOST", "10.96.0.7"),
            ("SERVICE_PORT", "3000"),
            ("SERVICE_PORT_HTTP", "3000"),
            ("SERVICE_PORT_HTTP_METRICS", "3000"),
            ("PORT", "tcp://10.96.0.7:3000"),
            ("PORT_3000_TCP", "tcp://10.96.0.7:3000"),
            ("PORT_3000_TCP_ADDR", "10.96.0.7"),
            ("PORT_3000_TCP_PORT", "3000"),
            ("PORT_3000_TCP_PROTO", "tcp"),
        ] {
            vars.push((format!("{service}_{suffix}"), value));
        }
    }
    let vars: Vec<_> = vars.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let output = portcullis(&["config"], &vars);
    assert_eq!(output.status.code(), Some(0));
    assert!(!said(&output).contains("warning"), "{}", said(&output));
}

#[test]
fn the_configuration_page_is_what_the_sources_say() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    assert_eq!(
        fs::read_to_string(page).unwrap(),
        portcullis::config::document(),
        "run `make gen` and commit the result"
    );
}

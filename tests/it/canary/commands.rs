//! What the commands say, when all is well and when it is not.

use std::{fs, process::Output};

use serde_json::json;

use super::secrets::{Heard, Secrets};
use crate::support::{folder::Folder, people::NODE_HASH, process::run};

/// Of the password `correct horse battery`.
pub(super) const BCRYPT: &str = "$2b$06$xWggYb.8fol4IgEkkMO9wetAzkXlIjsx.RHn/d7gwUUWWLs/5I5Me";
pub(super) const NEWCOMER: &str = "newcomer-canary@example.org";

/// Settings that are refused, and what in them is a secret by itself.
const WRONG: [(&str, &str, &[&str]); 11] = [
    ("PORTCULLIS_KEY_SECRET", "canary-Zq7/no key at all", &[]),
    ("PORTCULLIS_MAIL_URL", "smtp://ada:canary-Zq7/no mail url@", &[]),
    ("PORTCULLIS_STORE_URL", "postgres://ada:canary-Zq7-no-store-url@host", &[]),
    ("PORTCULLIS_OTLP_URL", "http://ada:canary-Zq7-no-otlp-url@host", &[]),
    ("PORTCULLIS_OTLP_HEADERS", "canary-Zq7-no-header", &[]),
    ("PORTCULLIS_BACKUP_IDENTITY", "AGE-SECRET-KEY-CANARYZQ7NOIDENTITY", &[]),
    // The comma looks like the end of the first server.
    (
        "PORTCULLIS_NATS_URL",
        "tls://ada:canary-Zq7-nats,canary-Zq7-rest@h",
        &["canary-Zq7-nats", "canary-Zq7-rest"],
    ),
    ("PORTCULLIS_NATS_URL", "nats://canary-Zq7-nats-token@nats.nats", &["canary-Zq7-nats-token"]),
    (
        "PORTCULLIS_WEBHOOKS_RECEIVERS",
        r#"[{"name":"whsec_canaryZq7name","url":"whsec_canaryZq7url","whsec_canaryZq7member":1,"kinds":["whsec_canaryZq7kind"]}]"#,
        &["whsec_canaryZq7name", "whsec_canaryZq7url", "whsec_canaryZq7member", "whsec_canaryZq7kind"],
    ),
    ("PORTCULLIS_WEBHOOKS_RECEIVERS", r#"[{"secrets":["whsec_canaryZq7json"}"#, &["whsec_canaryZq7json"]),
    (
        "PORTCULLIS_WEBHOOKS_RECEIVERS",
        r#"[{"name":"audit","url":"https://ada:canary-Zq7-password@h/canary-Zq7-path","secrets":["whsec_canaryZq7short"]}]"#,
        &["canary-Zq7-password", "canary-Zq7-path", "whsec_canaryZq7short"],
    ),
];

/// What opens a backup, and what seals it.
pub(super) fn backup_keys(folder: &Folder) -> (String, String) {
    let said = String::from_utf8(run(folder, &["backup", "keygen"], &[]).stdout).unwrap();
    let word = |start: &str| said.split_whitespace().find(|word| word.starts_with(start)).unwrap().to_owned();
    (word("AGE-SECRET-KEY-"), word("age1"))
}

pub(super) fn run_all(folder: &Folder, settings: &[(&str, &str)], secrets: &mut Secrets, heard: &mut Heard) {
    secrets.note("a foreign hash", BCRYPT);
    secrets.note("a foreign hash", NODE_HASH);
    let broken = "$2b$06$canaryZq7hashthatisnone";
    secrets.note("a foreign hash", broken);
    let file = folder.file("people").to_str().unwrap().to_owned();
    let people = [("other@example.org", NODE_HASH), (NEWCOMER, BCRYPT), ("eve@example.org", broken)];
    let people = people.map(|(email, hash)| format!("{}\n", json!({ "email": email, "passwordHash": hash })));
    fs::write(
        &file,
        format!("{}{{\"email\": \"x@example.org\", \"passwordHash\": \"{BCRYPT}\"", people.concat()),
    )
    .unwrap();
    for args in [
        &["config"][..],
        &["config", "--json"],
        &["users", "import", &file, "--dry-run"],
        &["users", "import", &file],
        &["users", "list"],
        &["users", "list", "--json"],
        &["users", "show", NEWCOMER, "--json"],
        &["users", "roles", NEWCOMER, "admin"],
        &["users", "disable", NEWCOMER],
        &["users", "enable", NEWCOMER],
        &["throttle", "clear", NEWCOMER],
        &["keys", "list"],
        &["keys", "rotate"],
        &["backup"],
        &["backup", "list"],
        &["restore", "--verify"],
        &["doctor"],
        &["doctor", "--json"],
    ] {
        let output = run(folder, args, settings);
        // An import and a doctor may have found something.
        let went = output.status.success() || args.contains(&"import") || args.contains(&"doctor");
        assert!(went, "{args:?}: {output:?}");
        note(args, &output, heard);
    }
    for (name, value, inner) in WRONG {
        for secret in [&[value], inner].concat() {
            secrets.note("a wrong setting", secret);
        }
        let settings = [settings, &[(name, value)]].concat();
        for args in [&["serve"][..], &["config"], &["users", "list"], &["restore", "--verify"]] {
            // One that nothing is wrong with until it is used lets the service start.
            if args != ["serve"] || name != "PORTCULLIS_BACKUP_IDENTITY" {
                note(args, &run(folder, args, &settings), heard);
            }
        }
    }
}

fn note(args: &[&str], output: &Output, heard: &mut Heard) {
    let said = [&*output.stdout, &*output.stderr].concat();
    heard.note(&format!("portcullis {}", args.join(" ")), &String::from_utf8_lossy(&said));
}

//! What an import says to whoever brings something odd, or forgot something.

use serde_json::json;

use super::Gate;
use crate::support::{
    browser::Browser,
    people::NODE_HASH,
    process::{Process, run},
};

fn line(email: &str, hash: &str) -> String {
    format!("{}\n", json!({ "email": email, "passwordHash": hash }))
}

/// What is printed, what is complained about, and the exit code.
fn heard(gate: &Gate, args: &[&str]) -> (String, String, Option<i32>) {
    let output = gate.import(args);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[tokio::test]
async fn what_was_brought_is_named_for_what_it_is() {
    let gate = Gate::on_sqlite().await;
    let dear = line("ada@example.org", "$2b$15$k5k9a/eJhDjdu04Oab3F.uyfRJp9Msp7F6uVHUtLgm25AgoVyUf1K");
    let dear = gate.write("dear", &dear);
    let (said, complained, code) = heard(&gate, &[&dear]);
    assert!(
        complained.contains(
            "line 1: checking the password would take bcrypt cost 15; a sign-in may take 14 at most"
        )
    );
    assert!(said.contains("\n1 user read in ") && said.contains(" 0 duplicates, 1 refused.\n"), "{said}");
    assert_eq!(code, Some(1));

    let array = gate.write("array", &format!("[{}]", line("ada@example.org", NODE_HASH)));
    let (_, complained, code) = heard(&gate, &[&array]);
    assert!(complained.starts_with("line 1: an array begins here") && code == Some(1), "{complained}");
    assert!(complained.contains("`jq -c '.[]'`"), "{complained}");

    let folder = gate.folder.path().to_str().unwrap();
    let (_, complained, code) = heard(&gate, &[folder]);
    assert_eq!((complained, code), (format!("{folder}: is a directory\n"), Some(1)));

    let empty = gate.write("empty", "\u{feff}");
    let (said, complained, code) = heard(&gate, &[&empty]);
    assert!(said.contains("\n0 users read in "), "{said}");
    assert_eq!((complained.as_str(), code), ("there was nobody to import\n", Some(1)));

    let marked = gate.write("marked", &format!("\u{feff}{}", line("ada@example.org", NODE_HASH)));
    let (told, code) = gate.json(&[&marked]);
    assert_eq!((&told["added"], &told["unverified"], code), (&json!(1), &json!(1), Some(0)));
}

/// Neither what may be a hash nor what a terminal would obey, also where it stands in the place of a name.
#[tokio::test]
async fn what_is_unknown_is_not_repeated_unless_it_looks_like_a_name() {
    let gate = Gate::on_sqlite().await;
    let odd = [
        json!({ "$2b$10$k5k9a/eJhDjdu04Oab3F.uyfRJp9Msp7": "ada@example.org" }),
        json!({ "\u{1b}]0;title\u{7}": 1 }),
        // As if the sentence about it had ended.
        json!({ "b`, expected one of \u{1b}]0;title $2b$10$k5k9a": 1 }),
        json!({ "a": 1, "email": "ada@example.org" }),
    ];
    let odd = gate.write("odd", &odd.map(|line| format!("{line}\n")).concat());
    let report = gate.folder.file("report").to_str().unwrap().to_owned();
    let (said, complained, _) = heard(&gate, &[&odd, "--report", &report]);
    let all = format!("{said}{complained}{}", std::fs::read_to_string(&report).unwrap());
    assert!(!all.contains("$2b$") && !all.contains('\u{1b}') && !all.contains("u001b"), "{all}");
    assert!(complained.contains("line 4: unknown field `a`, expected one of"), "{complained}");
}

#[tokio::test]
async fn whoever_was_shut_out_there_is_shut_out_here() {
    let gate = Gate::on_sqlite().await;
    let eve = json!({ "email": "eve@example.org", "passwordHash": NODE_HASH, "disabled": true });
    let file = gate.write("eve", &format!("{eve}\n{}", line("ada@example.org", NODE_HASH)));
    assert_eq!(gate.json(&[&file]).0["added"], 2);
    assert_eq!(gate.json(&[&file]).0["addedBefore"], 2);
    let mut service = gate.serve();
    let mut browser = Browser::to(service.ready().public);
    assert_eq!(browser.sign_in("eve@example.org", "correct horse").await.codes(), ["invalid_credentials"]);
    assert_eq!(browser.sign_in("ada@example.org", "correct horse").await.status, 200);
}

#[tokio::test]
async fn under_neutral_answers_whoever_could_not_sign_in_is_counted() {
    let gate = Gate::on_sqlite().await;
    let people = line("ada@example.org", NODE_HASH) + &line("eve@example.org", NODE_HASH);
    let (ada, all) = (gate.write("ada", &line("ada@example.org", NODE_HASH)), gate.write("all", &people));
    let neutral = [("PORTCULLIS_SIGNUP_ANSWER", "neutral"), ("PORTCULLIS_MAIL_URL", "log:")];
    let import = |args: &[&str]| {
        let output = run(&gate.folder, &[&["users", "import"], args].concat(), &neutral);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(import(&[&all, "--dry-run"]).starts_with("2 users would come without a verified address"));
    assert_eq!(import(&[&all, "--dry-run", "--verified"]), "");
    assert_eq!(import(&[&ada, "--verified"]), "");
    let eve = gate.write("eve", &line("eve@example.org", NODE_HASH));
    assert!(import(&[&eve]).starts_with("1 user came without a verified address"));
    assert_eq!(import(&[&eve]), "", "nobody came");

    let mut service = Process::start(&gate.folder, &neutral);
    let sockets = service.ready();
    let mut browser = Browser::to(sockets.public);
    assert_eq!(browser.sign_in("eve@example.org", "correct horse").await.codes(), ["invalid_credentials"]);
    assert_eq!(browser.sign_in("ada@example.org", "correct horse").await.status, 200);
}

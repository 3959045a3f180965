//! The age project's own tool reads what we write, and we read what it writes.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
};

use super::Yard;

/// `None`, said aloud, where there is none.
fn find() -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/fetch-age");
    let answer = Command::new(script).output().unwrap();
    if !answer.status.success() {
        // Not by a macro, whose output the test harness would keep to itself.
        io::stderr().write_all(b"\nskipped: no age; make test builds one, if there is a Go\n").unwrap();
        return None;
    }
    Some(String::from_utf8(answer.stdout).unwrap().trim().to_owned())
}

fn output(program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child =
        Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // Beside, because it answers before it has heard everything.
    let writing = thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(output.status.success(), "{program} {args:?}");
    output.stdout
}

#[tokio::test]
async fn a_person_reads_a_backup_with_age_and_gunzip_alone() {
    let Some(age) = find() else { return };
    let yard = Yard::on_sqlite();
    yard.fill(4_000).await;
    yard.back_up();
    let file = fs::read(yard.file()).unwrap();
    assert!(file.len() > 3 * 64 * 1024, "several chunks");
    let packed = output(&age, &["--decrypt", "--identity", &yard.path("key")], &file);
    let text = String::from_utf8(output("gunzip", &["-c"], &packed)).unwrap();
    assert_eq!(text.lines().count(), 1 + 4_000 + 4_000 + 1);
    assert!(text.starts_with("{\"portcullis\":{\"format\":3,"), "{}", &text[..100]);
}

#[tokio::test]
async fn what_age_has_encrypted_for_a_key_of_its_own_is_restored() {
    let Some(age) = find() else { return };
    let keygen = Path::new(&age).with_file_name("age-keygen");
    let yard = Yard::on_sqlite();
    yard.fill(1_000).await;
    let made = yard.json(&["backup", "--to", &yard.path("plain"), "--unencrypted"]);
    let packed = fs::read(yard.folder.file("plain").join(made["name"].as_str().unwrap())).unwrap();

    let identity = output(keygen.to_str().unwrap(), &[], b"");
    fs::write(yard.folder.file("key"), &identity).unwrap();
    let identity = String::from_utf8(identity).unwrap();
    let recipient = identity.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let sealed =
        output(&age, &["--encrypt", "--recipient", &yard.recipient, "--recipient", recipient], &packed);
    fs::write(yard.folder.file("by-age.age"), sealed).unwrap();
    let args =
        ["restore", "--from", &yard.path("by-age.age"), "--identity-file", &yard.path("key"), "--replace"];
    assert_eq!(yard.json(&args)["collections"], made["collections"]);

    // And the other way round: with a recipient of its making.
    yard.json(&["backup", "--to", &yard.path("backups"), "--recipient", recipient]);
    let file = fs::read(yard.file()).unwrap();
    output(&age, &["--decrypt", "--identity", &yard.path("key")], &file);
}

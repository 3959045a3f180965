//! Through a pipe, as `kubectl exec` has one: the backup goes out and comes in, and nothing else does.

use std::{
    fs::{self, File},
    process::{Command, Stdio},
};

use super::{Yard, on_both_stores};
use crate::support::process::ended;

on_both_stores!(a_backup_goes_through_a_pipe_and_comes_back);

async fn a_backup_goes_through_a_pipe_and_comes_back(yard: &Yard) {
    yard.fill(3_000).await;
    let made = yard.run(&["backup", "--to", "-", "--recipient", &yard.recipient, "--json"]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let summary: serde_json::Value = serde_json::from_slice(&made.stderr).unwrap();
    assert_eq!(summary["size"], made.stdout.len());
    assert!(made.stdout.starts_with(b"age-encryption.org/v1\n"));
    let file = yard.folder.file("piped");
    let restore = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        ended(
            Command::new(env!("CARGO_BIN_EXE_portcullis"))
                .args(["restore", "--from", "-", "--identity-file", &yard.path("key"), "--replace", "--json"])
                .env("PORTCULLIS_DATA_DIR", yard.folder.path())
                .env("PORTCULLIS_KEY_SECRET", crate::support::service::KEY_SECRET)
                .envs(yard.settings())
                .stdin(Stdio::from(File::open(&file).unwrap())),
        )
    };
    let restored = restore(&made.stdout);
    assert_eq!(restored.status.code(), Some(0), "{restored:?}");
    let restored: serde_json::Value = serde_json::from_slice(&restored.stdout).unwrap();
    assert_eq!(restored["collections"], summary["collections"]);
    let left = fs::read_dir(yard.folder.path()).unwrap();
    let left =
        left.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("received"));
    assert_eq!(left.count(), 0);

    let refused = restore(&made.stdout[..made.stdout.len() - 1]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.starts_with("the backup on standard input cannot be restored: its end is missing"),
        "{said}"
    );
}

//! As an orchestrator ends a pod, or somebody at the keyboard a command: it ends at once, and leaves nothing half done that
//! looks whole.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::Yard;
use crate::support::{
    patience::until,
    process::{Process, ended},
};

const USERS: usize = 10_000;

#[tokio::test]
async fn f_30_a_backup_that_is_told_to_end_leaves_nothing_behind() {
    let yard = Yard::on_sqlite();
    yard.fill(USERS).await;
    let to = yard.path("backups");
    let files = || fs::read_dir(&to).map_or(0, Iterator::count);
    for _ in 0..20 {
        let mut backup = Process::start_as(
            &yard.folder,
            &["backup", "--to", &to, "--recipient", &yard.recipient],
            &yard.settings(),
        );
        until("it writes, or is done", async || files() > 0 || backup.has_ended()).await;
        backup.signal("TERM");
        if !backup.end().success() {
            assert_eq!(files(), 0, "{:?}", backup.said);
            assert!(backup.said.iter().any(|line| line.contains("nothing is kept")), "{:?}", backup.said);
            return;
        }
        fs::remove_dir_all(&to).unwrap();
    }
    panic!("it was never caught in its work");
}

/// Whether SIGTERM no longer ends it by itself.
fn listens_for_the_end(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.is_some_and(|caught| u64::from_str_radix(caught.trim(), 16).unwrap() & 1 << 14 != 0)
}

/// Whoever is at the other end of the pipe.
#[tokio::test]
async fn f_30_nobody_waits_for_a_pipe_that_nobody_reads_or_writes() {
    let yard = Yard::on_sqlite();
    yard.fill(USERS).await;
    let binary = env!("CARGO_BIN_EXE_portcullis");
    let (recipient, key) = (yard.recipient.clone(), yard.path("key"));
    for args in [
        &["backup", "--to", "-", "--recipient", &recipient][..],
        &["restore", "--from", "-", "--identity-file", &key, "--replace"],
    ] {
        let mut child = Command::new(binary)
            .args(args)
            .env("PORTCULLIS_DATA_DIR", yard.folder.path())
            .env("PORTCULLIS_KEY_SECRET", crate::support::service::KEY_SECRET)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        until("it listens for signals", async || listens_for_the_end(child.id())).await;
        sleep(Duration::from_millis(500)).await;
        assert!(child.try_wait().unwrap().is_none(), "it waits for the other end: {args:?}");
        let begun = Instant::now();
        ended(Command::new("kill").args(["-TERM", &child.id().to_string()]));
        until("it ends", async || child.try_wait().unwrap().is_some()).await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{args:?}: {:?}", begun.elapsed());
        assert_eq!(child.wait().unwrap().code(), Some(1), "{args:?}");
    }
}

//! Memory: it does not grow with what is backed up or restored.

use std::{fs, time::Duration};

use tokio::time::sleep;

use super::Yard;
use crate::support::process::Process;

const FEW: usize = 5_000;

/// What may come on top of it, for many times as many: allocators keep some, and caches fill up to their bounds.
const SLACK: u64 = 12 << 10;

/// The most memory that the command ever had, in KiB, once it has ended well.
async fn peak(yard: &Yard, args: &[&str]) -> u64 {
    let mut process = Process::start_as(&yard.folder, args, &yard.settings());
    let status = format!("/proc/{}/status", process.id());
    let mut peak = 0;
    loop {
        let told = fs::read_to_string(&status).unwrap_or_default();
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let Some(line) = line else { break };
        peak = line.trim().trim_end_matches(" kB").parse().unwrap();
        sleep(Duration::from_millis(2)).await;
    }
    let ended = process.end();
    assert!(ended.success(), "{:?}", process.said);
    assert!(peak > 0, "it ended before anybody looked");
    peak
}

async fn peaks(yard: &Yard, users: usize) -> [u64; 2] {
    yard.fill(users).await;
    let (to, key) = (yard.path("backups"), yard.path("key"));
    let written = peak(yard, &["backup", "--to", &to, "--recipient", &yard.recipient]).await;
    let read = peak(yard, &["restore", "--from", &to, "--identity-file", &key, "--replace"]).await;
    [written, read]
}

async fn stays_flat(few: &Yard, many: &Yard, users: usize) {
    let (few, many) = (peaks(few, FEW).await, peaks(many, users).await);
    for (few, many) in few.into_iter().zip(many) {
        assert!(many < few + SLACK, "{few} KiB for {FEW} users, {many} KiB for {users}");
        assert!(many < 64 << 10, "{many} KiB");
    }
}

#[tokio::test]
async fn memory_stays_flat_over_50_000_users_on_sqlite() {
    stays_flat(&Yard::on_sqlite(), &Yard::on_sqlite(), 50_000).await;
}

/// Fewer, because it takes longer.
#[tokio::test]
async fn memory_stays_flat_over_30_000_users_on_mongodb() {
    let (Some(few), Some(many)) = (Yard::on_mongodb().await, Yard::on_mongodb().await) else { return };
    stays_flat(&few, &many, 30_000).await;
}

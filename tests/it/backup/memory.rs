//! Memory: it does not grow with what is backed up or restored.

use std::{fs, time::Duration};

use tokio::time::sleep;

use super::Yard;
use crate::support::process::Process;

const FEW: usize = 5_000;

/// What may come on top of it, for many times as many: allocators keep some, and caches fill up to their bounds.
const SLACK: u64 = 12 << 10;

/// In KiB, beside the program itself.
const MOST: u64 = 48 << 10;

/// Of a command, in KiB.
struct Peak {
    /// The most that it ever had.
    all: u64,
    /// The most that it was seen to have beside the program itself, which is the larger the less it is optimised.
    own: u64,
}

/// Once the command has ended well.
async fn peak(yard: &Yard, args: &[&str]) -> Peak {
    let mut process = Process::start_as(&yard.folder, args, &yard.settings());
    let status = format!("/proc/{}/status", process.id());
    let mut peak = Peak { all: 0, own: 0 };
    loop {
        let told = fs::read_to_string(&status).unwrap_or_default();
        let line = |name| told.lines().find_map(|line| line.strip_prefix(name));
        let kib = |line: &str| line.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
        let (Some(all), Some(own)) = (line("VmHWM:"), line("RssAnon:")) else { break };
        peak = Peak { all: kib(all), own: peak.own.max(kib(own)) };
        sleep(Duration::from_millis(2)).await;
    }
    let ended = process.end();
    assert!(ended.success(), "{:?}", process.said);
    assert!(peak.own > 0, "it ended before anybody looked");
    peak
}

async fn peaks(yard: &Yard, users: usize) -> [Peak; 2] {
    yard.fill(users).await;
    let (to, key) = (yard.path("backups"), yard.path("key"));
    let written = peak(yard, &["backup", "--to", &to, "--recipient", &yard.recipient]).await;
    let read = peak(yard, &["restore", "--from", &to, "--identity-file", &key, "--replace"]).await;
    [written, read]
}

async fn stays_flat(few: &Yard, many: &Yard, users: usize) {
    let (few, many) = (peaks(few, FEW).await, peaks(many, users).await);
    for (few, many) in few.into_iter().zip(many) {
        assert!(many.all < few.all + SLACK, "{} KiB for {FEW} users, {} KiB for {users}", few.all, many.all);
        assert!(many.own < MOST, "{} KiB", many.own);
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

//! Passwords that change while everything runs, and files with the wrong ones.

use std::{
    fs,
    time::{Duration, Instant},
};

use mongodb::bson::doc;
use tokio::time::sleep;

use crate::support::agents::Set;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_changed_file_changes_the_password_and_a_wrong_one_is_told() {
    let Some(mut set) = Set::start(2) else { return };
    let primary = set.settled(2).await;
    set.assert_users(primary).await;

    for user in ["app", "backup", "monitor"] {
        set.set_password(user, &format!("{user}-2\n"));
    }
    for user in ["app", "backup", "monitor"] {
        signs_in(&set, primary, user, &format!("{user}-2")).await;
        assert!(!accepts(&set, primary, user, &format!("{user}-1")).await);
    }

    // Its own: also where nobody kept the one of before, as long as somebody remembers it.
    set.set_password("agent", "agent-2");
    signs_in(&set, primary, "agent", "agent-2").await;
    assert!(!accepts(&set, primary, "agent", "agent-1").await);
    let primary = set.settled(2).await;

    // New agents remember nothing.
    set.agent(0).kill();
    set.agent(1).kill();
    set.set_password("agent", "agent-3");
    set.start_agent(0, 2);
    set.start_agent(1, 2);
    for ordinal in 0..2 {
        let line = set.agent(ordinal).hears(|line| line.contains("cannot sign in"));
        assert!(line.contains("agent-previous") && line.contains("WARN"), "{line}");
        assert!(!line.contains("agent-3") && !line.contains("agent-2"), "{line}");
        assert_eq!(set.get(ordinal, "/livez").await.0, 200);
        assert_eq!(set.get(ordinal, "/readyz").await.0, 200, "mongod is none the worse for it");
    }
    set.set_password("agent-previous", "agent-2");
    signs_in(&set, primary, "agent", "agent-3").await;
    fs::remove_file(set.folder.file("users").join("agent-previous")).unwrap();
    let primary = set.settled(2).await;

    // What is wrong with one keeps nobody from looking after the others.
    set.set_password("app", "\n");
    set.set_password("monitor", "monitor-3");
    signs_in(&set, primary, "monitor", "monitor-3").await;
    let line = set.agent(primary).hears(|line| line.contains("users are not as they should be"));
    assert!(line.contains("portcullis-app: the file") && !line.contains("portcullis-monitor"), "{line}");
    assert!(accepts(&set, primary, "app", "app-2").await);
    set.set_password("app", "app-3");
    signs_in(&set, primary, "app", "app-3").await;
    set.assert_users(primary).await;
}

async fn accepts(set: &Set, ordinal: u8, user: &str, password: &str) -> bool {
    set.run_as(ordinal, user, password, doc! { "ping": 1 }).await.is_ok()
}

/// Within seconds.
async fn signs_in(set: &Set, ordinal: u8, user: &str, password: &str) {
    let begun = Instant::now();
    while !accepts(set, ordinal, user, password).await {
        assert!(begun.elapsed() < Duration::from_secs(20), "{user} cannot sign in with {password}");
        sleep(Duration::from_millis(100)).await;
    }
}

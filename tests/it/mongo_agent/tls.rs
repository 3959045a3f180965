//! Agents and members that speak TLS with each other and with nobody else.

use crate::support::agents::Set;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_set_that_speaks_tls_only_is_made_and_kept_over_it() {
    let Some(mut set) = Set::empty() else { return };
    set.speak_tls();
    for ordinal in 0..2 {
        set.add_server(ordinal);
        set.start_agent(ordinal, 2);
    }
    let primary = set.settled(2).await;
    set.assert_users(primary).await;
    let status = set.command(0, &["status"]);
    assert!(status.status.success() && String::from_utf8(status.stdout).unwrap().contains("SECONDARY"));
}

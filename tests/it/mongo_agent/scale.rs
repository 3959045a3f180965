//! A set that grows from one member to three, and shrinks to one again.

use serde_json::Value;

use crate::support::{agents::Set, patience::until};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_set_grows_to_three_members_and_shrinks_to_one() {
    let Some(mut set) = Set::start(1) else { return };
    assert_eq!(set.settled(1).await, 0);
    let id = set.id(0).await;
    let (status, body) = set.step_down(0).await;
    assert_eq!((status, body.contains("no other member")), (200, true), "{body}");
    refuses(&set, "mongodb-0", "the last member");

    for ordinal in [1, 2] {
        set.add_server(ordinal);
        set.start_agent(ordinal, 3);
    }
    let primary = set.settled(3).await;
    assert_eq!(set.id(2).await, id);
    let report = status_of(&set);
    assert_eq!(report["primary"], set.host(primary).as_str());
    assert!(report["members"].as_array().unwrap().iter().all(|member| member["votes"] == 1), "{report}");
    let table = String::from_utf8(set.command(0, &["status"]).stdout).unwrap();
    assert_eq!(
        (table.lines().count(), table.matches("SECONDARY").count(), table.matches("yes").count()),
        (4, 2, 1)
    );

    // Two members cannot spare one of them.
    set.server(2).kill();
    until("it is missed", async || line_of(&set, 2)["state"] == "DOWN").await;
    assert!(line_of(&set, 2)["lagSeconds"].is_null(), "nobody can say");
    refuses(&set, "mongodb-1", "more than half have to be");
    // As after a scale-down that came too early: who is left cannot decide on anything.
    set.server(1).kill();
    until("it steps down", async || status_of(&set)["primary"].is_null()).await;
    refuses(&set, "mongodb-2", "start the members again that are missing");
    set.server(1).start_again();
    set.server(2).start_again();
    set.settled(3).await;

    refuses(&set, "mysql-1", "neither a pod of ours");
    takes_out(&mut set, 2, "--replicas=2").await;
    assert_eq!(status_of(&set)["members"].as_array().unwrap().len(), 2);
    // Its pod starts anew although nobody has scaled down: it is a member again.
    set.start_agent(2, 3);
    set.settled(3).await;

    takes_out(&mut set, 2, "--replicas=2").await;
    takes_out(&mut set, 1, "--replicas=1").await;
    assert_eq!(set.settled(1).await, 0);
    assert_eq!(set.id(0).await, id);
    let again = set.command(0, &["remove", "mongodb-1"]);
    assert!(String::from_utf8(again.stdout).unwrap().contains("was no member"));
}

fn status_of(set: &Set) -> Value {
    let output = set.command(0, &["status", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// Wherever it stands in the list: who is the first to be added depends on whose agent is the quicker.
fn line_of(set: &Set, ordinal: u8) -> Value {
    let report = status_of(set);
    let mut lines = report["members"].as_array().unwrap().iter();
    lines.find(|line| line["member"] == set.host(ordinal).as_str()).unwrap().clone()
}

fn refuses(set: &Set, member: &str, reason: &str) {
    let output = set.command(0, &["remove", member]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains(reason), "{said}");
}

/// Whether it was primary or not, and it stays out while its agent lives.
async fn takes_out(set: &mut Set, ordinal: u8, then: &str) {
    let output = set.command(0, &["remove", &format!("mongodb-{ordinal}")]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains(then), "{said} {:?}", String::from_utf8(output.stderr));
    set.agent(ordinal).hears(|line| line.contains("was taken out"));
    assert_eq!(set.get(ordinal, "/readyz").await.0, 503);
}

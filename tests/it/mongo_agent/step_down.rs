//! A primary that steps down before its pod goes, and what its agent says of it all.

use mongodb::bson::doc;

use crate::support::agents::Set;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_primary_steps_down_and_another_one_is_primary_when_it_has() {
    let Some(mut set) = Set::start(3) else { return };
    let primary = set.settled(3).await;
    let (_, metrics) = set.get(primary, "/metrics").await;
    for line in ["state{state=\"primary\"} 1", "primary 1", "ready 1", "members 3", "lag_seconds 0"] {
        assert!(
            metrics.contains(&format!("portcullis_mongo_agent_{line}\n")),
            "{line} is missing: {metrics}"
        );
    }
    assert!(metrics.contains("portcullis_mongo_agent_connections "), "{metrics}");

    assert_eq!(set.get(primary, "/startz").await.0, 200);
    // Whoever may look can change nothing.
    assert_eq!(set.get(primary, "/step-down").await.0, 404);
    // What worked last is known, whatever the file says by now.
    set.set_password("agent", "\n");
    let (status, body) = set.step_down(primary).await;
    set.set_password("agent", "agent-1");
    assert_eq!(status, 200, "{body}");
    let next = set.primaries().await;
    assert!(next.len() == 1 && next != [primary], "{next:?}");
    assert!(body.contains(&set.host(next[0])), "{body}");
    // Whoever is no primary has nothing to do.
    let (status, again) = set.step_down(primary).await;
    assert_eq!((status, again), (200, body));

    // A primary that goes without a word is missed by nobody for long.
    set.server(next[0]).freeze();
    let host = set.host(next[0]);
    let elected = set.settled_without(next[0]).await;
    assert_ne!(elected, next[0]);
    let (status, body) = set.get(next[0], "/readyz").await;
    assert_eq!((status, body.contains("does not answer")), (503, true), "{body}");
    assert_eq!(set.get(next[0], "/livez").await.0, 200);
    set.server(next[0]).thaw();
    set.settled(3).await;
    let hello = set.run_as(elected, "monitor", "monitor-1", doc! { "hello": 1 }).await.unwrap();
    assert!(hello.get_array("hosts").unwrap().contains(&host.into()));
}

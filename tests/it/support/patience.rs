//! Waits that end: a test that waits for what never comes has failed, and says for what.

use std::time::{Duration, Instant};

use tokio::time::sleep;

/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !so().await {
        assert!(begun.elapsed() < PATIENCE, "it never came about: {what}");
        sleep(Duration::from_millis(1)).await;
    }
}

//! Work of others that blocks, on a thread of its own, and no longer than it may.

use std::time::Duration;

use tokio::{task::spawn_blocking, time::timeout};

/// `None` if it is not done in time, or never will be. The thread is left to itself then.
pub async fn aside<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    timeout(deadline, spawn_blocking(work)).await.ok()?.ok()
}

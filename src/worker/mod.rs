//! What happens later and again and again: one file a job, each a loop that ends when it is told to.

pub mod changes;
pub mod erase;
pub mod keys;
pub mod mail;
pub mod open_store;
pub mod outlets;
pub mod overload;
pub mod probe;
pub mod purge;
pub mod seal;
pub mod vitals;

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Does one round of work; `None` when told to stop, which the store's calls bear at any moment.
async fn round<T>(stop: &CancellationToken, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        () = stop.cancelled() => None,
        done = work => Some(done),
    }
}

/// Sleeps, and says whether to go on.
async fn rest(stop: &CancellationToken, duration: Duration) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = sleep(duration) => true,
    }
}

//! Removes what expired, once an hour; nothing depends on it but the size of the store.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::flows::{self, Services};

const EVERY: Duration = Duration::from_hours(1);

pub async fn purge(services: &Services, stop: &CancellationToken) {
    while super::rest(stop, EVERY).await {
        match super::round(stop, flows::purge::purge(services)).await {
            None | Some(Ok(0)) => {}
            Some(Ok(records)) => tracing::info!(records, "removed what expired"),
            Some(Err(cause)) => {
                tracing::warn!(%cause, "could not remove what expired; trying again in an hour");
            }
        }
    }
}

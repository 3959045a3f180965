//! Asks the store every few seconds whether it is well, so that a readiness probe never has to.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::flows::{self, Services};

const EVERY: Duration = Duration::from_secs(5);

/// Runs until it is told to stop; a change for better or worse is said once.
pub async fn probe(services: &Services, stop: &CancellationToken) {
    while super::rest(stop, EVERY).await {
        let was_up = services.readiness.store().up;
        let Some(answered) = super::round(stop, flows::probe::probe(services)).await else { return };
        match (was_up, answered) {
            (false, Ok(())) => tracing::info!("the store is back"),
            (true, Err(cause)) => tracing::error!(%cause, "the store does not answer"),
            (true, Ok(())) | (false, Err(_)) => {}
        }
    }
}

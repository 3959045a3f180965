//! Looks once a minute how the store is as a whole, so that nobody who asks how we are has to wait for it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::flows::{self, Services};

const EVERY: Duration = Duration::from_mins(1);

/// That the store is away is said by the probe.
pub async fn vitals(services: &Services, stop: &CancellationToken) {
    loop {
        match super::round(stop, flows::vitals::take_vitals(services)).await {
            None | Some(Ok(())) => {}
            Some(Err(cause)) => tracing::debug!(%cause, "could not look how the store is as a whole"),
        }
        if !super::rest(stop, EVERY).await {
            return;
        }
    }
}

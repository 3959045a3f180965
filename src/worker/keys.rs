//! Looks at the signing keys every few seconds, so that one that somebody else made is known long before it signs.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::flows::{self, Services};

const EVERY: Duration = Duration::from_secs(10);

pub async fn keys(services: &Services, stop: &CancellationToken) {
    while super::rest(stop, EVERY).await {
        match super::round(stop, flows::load_keys::load_keys(&services.keys)).await {
            None | Some(Ok(())) => {}
            Some(Err(failure)) => {
                tracing::warn!(cause = %failure, "could not look at the signing keys; those in memory stay in use");
            }
        }
    }
}

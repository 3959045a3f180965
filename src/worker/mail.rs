//! Sends what is to be mailed: at once when a letter was written here, and after a few seconds what another replica left.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::flows::{self, Services};

const EVERY: Duration = Duration::from_secs(2);

/// Once it has begun to hand a mail over it sees that through, since nobody could say whether it went.
pub async fn mail(services: &Services, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let more = match flows::send_letters::send_letters(services).await {
            Ok(more) => more,
            Err(cause) => {
                tracing::debug!(%cause, "could not look for mail to be sent");
                false
            }
        };
        if more {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = services.post.bell.notified() => {}
            () = sleep(EVERY) => {}
        }
    }
}

//! Erases whoever left and did not come back.

use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::flows::{self, Services};

const EVERY: Duration = Duration::from_mins(10);

/// How long after somebody was erased their events are looked at again: longer than any request takes.
const AFTER: SignedDuration = SignedDuration::from_hours(1);

/// The same at the start, for a service that was away meanwhile.
const AFTER_A_START: SignedDuration = SignedDuration::from_hours(7 * 24);

pub async fn erase(services: &Services, stop: &CancellationToken) {
    let mut after = AFTER_A_START;
    loop {
        match super::round(stop, flows::erase::erase_those_who_left(services)).await {
            None | Some(Ok(0)) => {}
            Some(Ok(users)) => tracing::info!(users, "erased those who had left"),
            Some(Err(cause)) => {
                tracing::warn!(%cause, "could not erase those who have left; trying again later");
            }
        }
        let since = services.clock.now() - after;
        match super::round(stop, flows::erase::forget_those_erased(services, since)).await {
            None => {}
            Some(Ok(())) => after = AFTER,
            Some(Err(cause)) => {
                tracing::warn!(%cause, "could not look again at the events of those who were erased; trying again later");
            }
        }
        if !super::rest(stop, EVERY).await {
            return;
        }
    }
}

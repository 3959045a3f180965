//! Erases whoever left and did not come back.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::flows::{self, Services};

const EVERY: Duration = Duration::from_mins(10);

pub async fn erase(services: &Services, stop: &CancellationToken) {
    loop {
        match super::round(stop, flows::erase::erase_those_who_left(services)).await {
            None | Some(Ok(0)) => {}
            Some(Ok(users)) => tracing::info!(users, "erased those who had left"),
            Some(Err(cause)) => {
                tracing::warn!(%cause, "could not erase those who have left; trying again later");
            }
        }
        if !super::rest(stop, EVERY).await {
            return;
        }
    }
}

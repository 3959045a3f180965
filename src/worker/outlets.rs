//! Fills outlets: at once with what happens here, and within a second with what happens elsewhere.

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::flows::{
    self, Services,
    outlets::Outlet,
    publish_events::{PAUSE, Progress},
};

/// What is being handed over is seen through, or nobody could say whether it went.
pub async fn outlet(services: &Services, outlet: &Outlet, stop: &CancellationToken) {
    let (mut progress, mut told) = (Progress::default(), false);
    let mut news = services.journal.feed.listen();
    while !stop.is_cancelled() {
        let pause = match flows::publish_events::publish_events(services, outlet, &mut progress).await {
            Ok(pause) => {
                told = false;
                pause
            }
            Err(cause) => {
                if !told {
                    told = true;
                    tracing::warn!(outlet = %outlet.name, %cause, "could not look for events to go out; trying again every second");
                }
                PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(pause) => {}
            _ = news.recv(), if pause == PAUSE => news = news.resubscribe(),
        }
    }
    if let Err(cause) = flows::publish_events::stop_publishing(services, outlet, progress).await {
        tracing::debug!(outlet = %outlet.name, %cause, "could not leave the outlet to others");
    }
}

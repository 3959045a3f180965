//! Fills outlets: at once with what happens here, and within a second with what happens elsewhere.

use std::time::Duration;

use tokio::time::sleep;

use crate::flows::{
    self, Services,
    outlets::Outlet,
    publish_events::{Next, Progress},
};

/// Until it is looked again where there was nothing to do.
const PAUSE: Duration = Duration::from_secs(1);

/// The same where somebody else sees to it.
const ELSEWHERE: Duration = Duration::from_secs(5);

/// What is being handed over at the end has so long to be seen through; after that it goes out again later.
const GRACE: Duration = Duration::from_secs(3);

/// Until the feed ends, which is when the service begins to.
pub async fn outlet(services: &Services, outlet: &Outlet) {
    let mut progress = Progress::default();
    let feed = &services.journal.feed;
    let over = async {
        feed.ended().await;
        sleep(GRACE).await;
    };
    tokio::select! {
        () = go_on(services, outlet, &mut progress) => {}
        () = over => {}
    }
    if let Err(cause) = flows::publish_events::stop_publishing(services, outlet, progress).await {
        tracing::debug!(outlet = %outlet.name, %cause, "could not leave the outlet to others");
    }
}

async fn go_on(services: &Services, outlet: &Outlet, progress: &mut Progress) {
    let feed = &services.journal.feed;
    let mut news = feed.listen();
    loop {
        let next = flows::publish_events::publish_events(services, outlet, progress).await;
        let next = next.unwrap_or_else(|cause| {
            outlet.course.does_not_go(&outlet.name, &cause.to_string(), services.clock.uptime());
            Next::After(PAUSE)
        });
        let pause = match next {
            Next::More => Duration::ZERO,
            Next::Nothing => PAUSE,
            Next::Elsewhere => ELSEWHERE,
            Next::After(pause) => pause,
        };
        tokio::select! {
            () = feed.ended() => return,
            () = sleep(pause) => {}
            _ = news.recv(), if next == Next::Nothing => news = news.resubscribe(),
        }
    }
}

//! Seals events and tells them: at once those that were written here, and within a second those that others wrote.

use std::{convert::Infallible, time::Duration};

use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::flows::{self, Failure, Services};

const EVERY: Duration = Duration::from_secs(1);

/// How often the head is noted in the log.
const DAY: Duration = Duration::from_hours(24);

pub async fn seal(services: &Services, stop: &CancellationToken) {
    stop.run_until_cancelled(seal_for_ever(services)).await;
}

/// Somewhere else than in the store, for whoever wants to know later whether the end of the chain is still there.
fn note_the_head(services: &Services) {
    if let Some(head) = services.journal.feed.seen() {
        tracing::info!(head = %head.noted(), "the chain of security events, for `portcullis events verify --head`");
    }
}

/// Whether there may be more. Whoever cannot seal tells all the same what others have sealed.
async fn seal_and_look(services: &Services) -> Result<bool, Failure<Infallible>> {
    let sealed = flows::seal_events::seal_events(services).await;
    let looked = flows::look_at_chain::look_at_chain(services).await;
    let more = sealed?;
    Ok(looked? || more)
}

async fn seal_for_ever(services: &Services) {
    let (mut told, mut day) = (false, interval(DAY));
    loop {
        let sealed = seal_and_look(services).await;
        match &sealed {
            Err(Failure::Raced) | Ok(_) => told = false,
            Err(cause) if !told => {
                told = true;
                tracing::warn!(%cause, "could not seal events; trying again every second");
            }
            Err(_) => {}
        }
        if matches!(sealed, Ok(true)) {
            continue;
        }
        tokio::select! {
            _ = day.tick() => note_the_head(services),
            () = services.journal.bell.notified() => {}
            () = sleep(EVERY) => {}
        }
    }
}

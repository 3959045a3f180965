//! Probe: does the store take a read and a write right now?

use std::{convert::Infallible, time::Duration};

use crate::system::clock::Stopwatch;

use super::{Failure, Services};

/// How long the store took.
pub async fn probe(services: &Services) -> Result<Duration, Failure<Infallible>> {
    let stopwatch = Stopwatch::start();
    services.store.probe(services.clock.now()).await?;
    Ok(stopwatch.elapsed())
}

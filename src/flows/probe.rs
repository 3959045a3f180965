//! Probe: does the store take a read and a write right now?

use std::convert::Infallible;

use super::{Failure, Services};

/// Asks the store, and notes what came of it for whoever wants to know whether we are ready.
pub async fn probe(services: &Services) -> Result<(), Failure<Infallible>> {
    let begun = services.clock.uptime();
    let answered = services.store.probe(services.clock.now()).await;
    let now = services.clock.uptime();
    services.readiness.note(now, now.saturating_sub(begun), answered.is_ok());
    Ok(answered?)
}

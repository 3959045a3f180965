//! Keeps trying to open the store until it is there.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    flows::{self, Services},
    store::MigrateError,
};

/// Said once a second at most; tried a little more often, so that we are ready soon after the store is.
const SAY_EVERY: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(250);

/// Why a person has to act before we can serve.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

/// `Ok` once the store is open; whoever wants to stop lets go of this.
pub async fn open_store(services: &Services) -> Result<(), Refused> {
    let mut said: Option<Duration> = None;
    loop {
        let source = match flows::open_store::open_store(services).await {
            Ok(()) => return Ok(()),
            Err(MigrateError::Refused(sentence)) => return Err(Refused(sentence)),
            Err(MigrateError::Unavailable(source)) => source,
            Err(importing @ MigrateError::Importing) => importing.into(),
        };
        let now = services.clock.uptime();
        if said.is_none_or(|said| now.saturating_sub(said) >= SAY_EVERY) {
            tracing::warn!(cause = %source, "the store cannot be reached yet; trying again");
            said = Some(now);
        }
        sleep(PAUSE).await;
    }
}

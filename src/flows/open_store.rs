//! Open the store: bring its schema to this release's, and the signing keys into memory, before anybody is served.

use crate::store::MigrateError;

use super::{Failure, Services, load_keys::load_keys};

/// Safe to repeat until it succeeds; a refusal is for a person to settle.
pub async fn open_store(services: &Services) -> Result<(), MigrateError> {
    services.store.migrate(services.clock.now()).await?;
    load_keys(&services.keys).await.map_err(|failure| match failure {
        Failure::Refused(unusable) => MigrateError::Refused(unusable.to_string()),
        Failure::Broken(source) => {
            MigrateError::Refused(format!("the signing keys cannot be used: {source}"))
        }
        Failure::Unavailable(source) | Failure::OutcomeUnknown(source) => MigrateError::Unavailable(source),
        Failure::Raced | Failure::Throttled { .. } | Failure::Busy { .. } => {
            MigrateError::Unavailable("others are making signing keys".into())
        }
    })?;
    services.readiness.open(services.clock.uptime());
    Ok(())
}

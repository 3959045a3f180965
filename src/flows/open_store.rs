//! Open the store: bring its schema to this release's before anybody is served from it.

use crate::store::MigrateError;

use super::Services;

/// Safe to repeat until it succeeds; a refusal is for a person to settle.
pub async fn open_store(services: &Services) -> Result<(), MigrateError> {
    services.store.migrate(services.clock.now()).await?;
    services.readiness.open(services.clock.uptime());
    Ok(())
}

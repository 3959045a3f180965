//! List sessions: where somebody is signed in.

use std::convert::Infallible;

use crate::domain::session::Session;

use super::{Failure, Services, memory::Remembered};

/// Those that hold, the newest first.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn list_sessions(
    services: &Services,
    caller: &Remembered,
) -> Result<Vec<Session>, Failure<Infallible>> {
    Ok(services.live_sessions(&caller.user).await?)
}

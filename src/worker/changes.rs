//! Listens to what changes in the store, so that nothing is remembered which is no longer so.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{domain::clock::random, flows::Services};

/// Between attempts while the store is away; each pause is longer than the one before, up to the last.
const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(5);

pub async fn listen(services: &Services, stop: &CancellationToken) {
    stop.run_until_cancelled(listen_for_ever(services)).await;
}

async fn listen_for_ever(services: &Services) {
    let mut changes = services.store.changes();
    let mut pause = FIRST;
    loop {
        let asked = services.clock.uptime();
        match changes.next().await {
            Ok(told) => {
                if pause > FIRST {
                    tracing::info!("changes are heard of again");
                }
                pause = FIRST;
                services.memory.hear(asked, &told);
            }
            Err(error) => {
                if pause == FIRST {
                    tracing::warn!(cause = %error, "changes in the store are not heard of; what is remembered is believed for 30 s");
                }
                sleep(with_jitter(services, pause)).await;
                pause = (pause * 2).min(LAST);
            }
        }
    }
}

/// Between half of it and all of it, so that replicas do not come back together.
fn with_jitter(services: &Services, pause: Duration) -> Duration {
    let [chance] = random(&*services.entropy).unwrap_or([0]);
    pause / 2 + pause / 2 * u32::from(chance) / 255
}

//! The loops that run beside the listeners, and end with them.

use actix_web::web::Data;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{flows::Services, worker};

/// Those that run; each looks now and then whether it is to stop.
#[derive(Default)]
pub(super) struct Jobs {
    stop: CancellationToken,
    running: TaskTracker,
}

impl Jobs {
    pub(super) fn start(&self, services: &Data<Services>) {
        let [probed, purged, looked_at, listened] = [(); 4].map(|()| services.clone());
        let [stop_probing, stop_purging, stop_looking, stop_listening] = [(); 4].map(|()| self.stop.clone());
        self.running.spawn(async move { worker::changes::listen(&listened, &stop_listening).await });
        self.running.spawn(async move { worker::probe::probe(&probed, &stop_probing).await });
        self.running.spawn(async move { worker::purge::purge(&purged, &stop_purging).await });
        self.running.spawn(async move { worker::keys::keys(&looked_at, &stop_looking).await });
    }

    pub(super) async fn end(self) {
        self.stop.cancel();
        self.running.close();
        self.running.wait().await;
    }
}

//! The loops that run beside the listeners, and end with them.

use std::sync::Arc;

use actix_web::web::Data;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::doors;
use crate::{flows::Services, worker};

/// Those that run; each looks now and then whether it is to stop.
#[derive(Default)]
pub(super) struct Jobs {
    stop: CancellationToken,
    running: TaskTracker,
}

impl Jobs {
    pub(super) fn start(&self, services: &Data<Services>) {
        for certificate in services.certificates.values().map(Arc::clone) {
            let stop = self.stop.clone();
            self.running.spawn(async move { doors::renew(&certificate, &stop).await });
        }
        let world = || (services.clone(), self.stop.clone());
        for outlet in services.outlets.iter().map(Arc::clone) {
            let services = services.clone();
            self.running.spawn(async move { worker::outlets::outlet(&services, &outlet).await });
        }
        let (services, stop) = world();
        self.running.spawn(async move { worker::changes::listen(&services, &stop).await });
        let (services, stop) = world();
        self.running.spawn(async move { worker::probe::probe(&services, &stop).await });
        let (services, stop) = world();
        self.running.spawn(async move { worker::purge::purge(&services, &stop).await });
        let (services, stop) = world();
        self.running.spawn(async move { worker::keys::keys(&services, &stop).await });
        let (services, stop) = world();
        self.running.spawn(async move { worker::mail::mail(&services, &stop).await });
        let (services, stop) = world();
        self.running.spawn(async move { worker::erase::erase(&services, &stop).await });
        let (services, stop) = world();
        self.running.spawn(async move { worker::seal::seal(&services, &stop).await });
        let (services, stop) = world();
        self.running.spawn(async move { worker::overload::overload(&services, &stop).await });
        let (services, stop) = world();
        self.running.spawn(async move { worker::vitals::vitals(&services, &stop).await });
    }

    pub(super) async fn end(self) {
        self.stop.cancel();
        self.running.close();
        self.running.wait().await;
    }
}

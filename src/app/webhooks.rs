//! Whom security events are posted to, as the configuration says it.

use crate::{
    config::Config,
    domain::{event::EventKind, webhook::ReceiverName},
    outlets::webhook::{Receiver, Webhook},
};

use super::CannotRun;

/// Each with the kinds of events that it is for: all, where there are none.
pub(super) fn webhooks(config: &Config) -> Result<Vec<(ReceiverName, Vec<EventKind>, Webhook)>, CannotRun> {
    let receivers = config.webhooks.receivers.iter().map(|receiver| {
        let to = Receiver {
            url: receiver.url.clone(),
            secrets: receiver.secrets.clone(),
            networks: config.webhooks.networks.clone(),
        };
        let webhook = Webhook::new(to).map_err(|error| CannotRun::Setting {
            variable: "PORTCULLIS_WEBHOOKS_RECEIVERS",
            source: error.without_url().into(),
        })?;
        Ok((receiver.name.clone(), receiver.kinds.clone(), webhook))
    });
    receivers.collect()
}

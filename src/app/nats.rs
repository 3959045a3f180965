//! How events go to NATS, as the configuration says it.

use std::sync::Arc;

use crate::{
    config::Config,
    domain::clock::Entropy,
    outlets::nats::{Broker, Nats},
};

use super::{CannotRun, authorities::bundle};

const CA_FILE: &str = "PORTCULLIS_NATS_CA_FILE";

/// `None` where they do not.
pub(super) fn nats(config: &Config, entropy: &Arc<dyn Entropy>) -> Result<Option<Nats>, CannotRun> {
    let Some(url) = &config.nats.url else { return Ok(None) };
    let broker = Broker {
        servers: url.servers.clone(),
        login: url.login.clone(),
        authorities: config.nats.ca_file.as_deref().map(|path| bundle(CA_FILE, path)).transpose()?,
        subject: config.nats.subject.clone(),
    };
    let nats = Nats::new(broker, Arc::clone(entropy));
    nats.map(Some).map_err(|error| CannotRun::Setting { variable: CA_FILE, source: error.into() })
}

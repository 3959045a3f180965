//! How events go to NATS, as the configuration says it.

use std::sync::Arc;

use crate::{
    config::{Config, NatsLogin, NatsServer},
    domain::clock::Entropy,
    outlets::nats::{Broker, Login, Nats, Server},
};

use super::{CannotRun, authorities::bundle};

const CA_FILE: &str = "PORTCULLIS_NATS_CA_FILE";

/// `None` where they do not.
pub(super) fn nats(config: &Config, entropy: &Arc<dyn Entropy>) -> Result<Option<Nats>, CannotRun> {
    let Some(url) = &config.nats.url else { return Ok(None) };
    let server = |server: &NatsServer| {
        let NatsServer { host, port, tls } = server.clone();
        Server { host, port, tls }
    };
    let broker = Broker {
        servers: url.servers.iter().map(server).collect(),
        login: match url.login.clone() {
            None => Login::None,
            Some(NatsLogin::Token(token)) => Login::Token(token),
            Some(NatsLogin::Password(name, password)) => Login::Password(name, password),
        },
        authorities: config.nats.ca_file.as_deref().map(|path| bundle(CA_FILE, path)).transpose()?,
        subject: config.nats.subject.clone(),
    };
    let nats = Nats::new(broker, Arc::clone(entropy));
    nats.map(Some).map_err(|error| CannotRun::Setting { variable: CA_FILE, source: error.into() })
}

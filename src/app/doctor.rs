//! What a doctor looks at, put together: the store that is configured, what goes out, the service on this machine, and hosts from
//! outside.

use std::sync::Arc;

use url::Url;

use crate::{
    config::{Config, StoreUrl},
    domain::{clock::Entropy, finding::Finding},
    flows::doctor::{Reach, gate, health, mail, outlets, outside, store},
    system::{clock::SystemClock, entropy::OsEntropy},
};

use super::{World, keys::must_be_there, outlets::ways, post::post};

/// Everything that is on this machine, or is reached as the service reaches it.
pub async fn look_here(config: &Config, reach: &Reach) -> Vec<Finding> {
    let mut found = look_at_the_store(config).await;
    found.push(look_at_the_mail(config).await);
    found.extend(look_at_the_outlets(config, reach).await);
    if let Some(internal) = internal(config) {
        found.extend(health::look(&internal, reach).await);
    }
    found
}

/// Hosts that forward-auth should guard.
pub async fn look_around(urls: &[Url], reach: &Reach) -> Vec<Finding> {
    let clock = SystemClock::start();
    let mut found = Vec::new();
    for url in urls {
        found.extend(gate::look(url, reach).await);
    }
    for origin in outside::origins(urls) {
        found.extend(outside::look(&origin, reach, &clock).await);
    }
    found
}

async fn look_at_the_store(config: &Config) -> Vec<Finding> {
    if matches!(config.store.url, StoreUrl::Memory) {
        return vec![Finding::fine(store::CHECK, "it is in memory, and forgets everything at the end")];
    }
    if let Err(missing) = must_be_there(config) {
        let advice = "nothing, if the service has not run yet: it makes one when it first starts";
        return vec![Finding::warning(store::CHECK, missing.to_string(), advice)];
    }
    match World::real(config) {
        Err(error) => vec![Finding::wrong(store::CHECK, error.to_string(), "correct that setting")],
        Ok(world) => {
            let found = store::look(&*world.store, &*world.clock).await;
            world.store.close().await;
            found
        }
    }
}

async fn look_at_the_mail(config: &Config) -> Finding {
    match post(config) {
        Err(error) => Finding::wrong(mail::CHECK, error.to_string(), "correct that setting"),
        Ok(post) => mail::look(post.mailer.as_deref()).await,
    }
}

async fn look_at_the_outlets(config: &Config, reach: &Reach) -> Vec<Finding> {
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    match ways(config, &entropy) {
        Err(error) => vec![Finding::wrong(outlets::CHECK, error.to_string(), "correct that setting")],
        Ok(ways) => {
            let ways: Vec<_> = ways.into_iter().map(|(name, _, way)| (name, way)).collect();
            outlets::look(&ways, reach.deadline).await
        }
    }
}

/// Whoever listens everywhere is found at home.
fn internal(config: &Config) -> Option<Url> {
    let mut listen = config.internal.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let scheme = if config.internal_tls.is_some() { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{listen}")).ok()
}

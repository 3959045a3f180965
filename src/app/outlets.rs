//! Where events go beside the store, as the configuration says it.

use std::sync::Arc;

use super::{CannotRun, World, nats, refused, webhooks};
use crate::{
    config::Config,
    domain::{clock::Entropy, event::EventKind, outlet::OutletName},
    flows::outlets::Outlet,
    outlets::Way,
};

/// A way out, by name, with the kinds of events that go there: all, where there are none.
pub(super) type Named = (OutletName, Vec<EventKind>, Box<dyn Way>);

pub(super) fn outlets(config: &Config, world: &World) -> Result<Vec<Arc<Outlet>>, CannotRun> {
    let open = |(name, kinds, way): Named| {
        let kinds = Some(kinds).filter(|kinds| !kinds.is_empty());
        let outlet = Outlet::new(name, way, kinds, config.public.origin.to_string(), &*world.entropy);
        outlet.map(Arc::new).map_err(refused)
    };
    ways(config, &world.entropy)?.into_iter().map(open).collect()
}

pub(super) fn ways(config: &Config, entropy: &Arc<dyn Entropy>) -> Result<Vec<Named>, CannotRun> {
    let mut ways: Vec<Named> = Vec::new();
    if let Some(nats) = nats::nats(config, entropy)? {
        ways.push((OutletName::nats(), Vec::new(), Box::new(nats)));
    }
    for (name, kinds, webhook) in webhooks::webhooks(config)? {
        ways.push((OutletName::webhook(&name), kinds, Box::new(webhook)));
    }
    Ok(ways)
}

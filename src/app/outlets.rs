//! Where events go beside the store, as the configuration says it.

use std::sync::Arc;

use super::{CannotRun, World, nats, refused, webhooks};
use crate::{
    config::Config,
    domain::{event::EventKind, outlet::OutletName},
    flows::outlets::Outlet,
    outlets::Way,
};

pub(super) fn outlets(config: &Config, world: &World) -> Result<Vec<Arc<Outlet>>, CannotRun> {
    let open = |name: OutletName, way: Box<dyn Way>, kinds: Option<Vec<EventKind>>| {
        let outlet = Outlet::new(name, way, kinds, config.public.origin.to_string(), &*world.entropy);
        outlet.map(Arc::new).map_err(refused)
    };
    let mut outlets = Vec::new();
    if let Some(nats) = nats::nats(config, &world.entropy)? {
        outlets.push(open(OutletName::nats(), Box::new(nats), None)?);
    }
    for (name, kinds, webhook) in webhooks::webhooks(config)? {
        let kinds = Some(kinds).filter(|kinds| !kinds.is_empty());
        outlets.push(open(OutletName::webhook(&name), Box::new(webhook), kinds)?);
    }
    Ok(outlets)
}

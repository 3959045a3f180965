//! Who fills an outlet: one process at a time, which says now and then that it still does.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::{
    domain::outlet::{Taken, Taking},
    outlets::DEADLINE,
    store::{self, StoreError},
};

use super::{Services, outlets::Outlet};

/// How long an outlet is ours without our saying so again.
const LEASE: SignedDuration = SignedDuration::from_secs(45);

/// What has to be left of it before anything is handed over: to read it, to hand it over, and to note that.
const ENOUGH: SignedDuration =
    SignedDuration::from_secs((DEADLINE.as_secs() + 2 * store::DEADLINE.as_secs() + 1).cast_signed());

/// As far as we know it is ours.
#[derive(Clone, Copy)]
pub(super) struct Lease {
    /// Everything up to here has gone out.
    pub(super) position: u64,
    until: Timestamp,
}

impl Lease {
    /// Asks the store no more often than it has to. Where it is somebody else's, how far they have come.
    pub(super) async fn hold(
        held: &mut Option<Self>,
        services: &Services,
        outlet: &Outlet,
        first: u64,
    ) -> Result<Result<Self, u64>, StoreError> {
        let now = services.clock.now();
        if let Some(held) = held.filter(|held| held.until >= now + ENOUGH) {
            return Ok(Ok(held));
        }
        Self::take(held, services, outlet, first, LEASE).await
    }

    /// Keeps it for as long as nothing is done with it: whoever came in now would only fail as well.
    pub(super) async fn keep(
        held: &mut Option<Self>,
        services: &Services,
        outlet: &Outlet,
        pause: Duration,
    ) -> Result<(), StoreError> {
        let Some(Self { position, .. }) = *held else { return Ok(()) };
        let length = SignedDuration::try_from(pause).unwrap_or(LEASE) + LEASE;
        Self::take(held, services, outlet, position, length).await.map(drop)
    }

    async fn take(
        held: &mut Option<Self>,
        services: &Services,
        outlet: &Outlet,
        first: u64,
        length: SignedDuration,
    ) -> Result<Result<Self, u64>, StoreError> {
        let now = services.clock.now();
        let (holder, until) = (outlet.holder, now + length);
        *held = None;
        let taking = Taking { holder, until, first };
        Ok(match services.store.take_outlet(&outlet.name, taking, now).await? {
            Taken::Ours { position } => Ok(*held.insert(Self { position, until })),
            Taken::Elsewhere { position } => Err(position),
        })
    }

    /// Notes how far we have come. Where somebody else has taken it up by now they go on from where it was.
    pub(super) async fn advance(
        held: &mut Option<Self>,
        services: &Services,
        outlet: &Outlet,
        position: u64,
    ) -> Result<(), StoreError> {
        let Some(lease) = held.as_mut().filter(|lease| lease.position != position) else { return Ok(()) };
        let moved = services.store.move_outlet(&outlet.name, outlet.holder, lease.position, position).await;
        match moved {
            Ok(()) => lease.position = position,
            Err(error) => {
                // Whether it was noted is looked up.
                *held = None;
                if !matches!(error, StoreError::Stale) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

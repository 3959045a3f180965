//! Brings collections, validators and indexes to this release's, one replica at a time, and only ever forward.
//!
//! Changes expand first and contract a release later. A step that an older release can live with raises
//! `Schema::step`, and that release leaves validators and indexes of a later step alone; one that it cannot
//! live with raises `Schema::version`, and it refuses to start.

use std::time::Duration;

use jiff::Timestamp;
use mongodb::bson::doc;
use tokio::time::{sleep, timeout};

use crate::{
    domain::clock::random,
    store::{MigrateError, StoreError},
    system::clock::Stopwatch,
};

use super::{
    Connected,
    documents::settings::Schema,
    errors::Cause,
    gap::Gap,
    lock::{LEASE, Lock},
};

/// What this release needs.
pub(super) const SCHEMA: Schema = Schema { version: 1, step: 7 };

/// Long enough for a dead holder's lease to end and for the work to be done after it, such as an index over many
/// documents: the one call that may take longer than the others.
const PATIENCE: Duration = Duration::from_secs(2 * LEASE.as_secs());

pub(super) async fn migrate(store: &Connected, now: Timestamp) -> Result<(), MigrateError> {
    let Ok(done) = timeout(PATIENCE, bring_forward(store, now)).await else {
        return Err(MigrateError::Unavailable(Box::new(Cause::Late)));
    };
    done?;
    must_be_whole(store).await
}

/// Whether it may be read as it is.
pub(super) async fn examine(store: &Connected) -> Result<(), MigrateError> {
    if !Gap::find(store).await?.is_closed() {
        return Err(MigrateError::Refused(
            "the store has the schema of an earlier release, or none: start the service of this release on it once"
                .to_owned(),
        ));
    }
    must_be_whole(store).await
}

async fn must_be_whole(store: &Connected) -> Result<(), MigrateError> {
    if store.is_importing().await.map_err(unavailable)? { Err(MigrateError::Importing) } else { Ok(()) }
}

async fn bring_forward(store: &Connected, began: Timestamp) -> Result<(), MigrateError> {
    let watch = Stopwatch::start();
    while !Gap::find(store).await?.is_closed() {
        let now = began.checked_add(watch.elapsed()).unwrap_or(Timestamp::MAX);
        let Some(lock) = Lock::take(store, now).await.map_err(unavailable)? else {
            wait_for_the_holder(store).await?;
            continue;
        };
        if close_gap(store, lock).await? {
            break;
        }
    }
    Ok(())
}

/// Looks again, now that nobody else is at it; `false` when the lease ended before the work did.
async fn close_gap(store: &Connected, lock: Lock) -> Result<bool, MigrateError> {
    let closed = match Gap::find(store).await {
        Ok(gap) => gap.close(store).await,
        Err(error) => Err(error),
    };
    let released = lock.release(store, closed.is_ok().then_some(SCHEMA)).await;
    closed?;
    released.map_err(unavailable)
}

/// Change streams and retryable writes need one; a lone server would take no write of ours at all.
pub(super) async fn must_be_a_replica_set(store: &Connected) -> Result<(), MigrateError> {
    let hello =
        store.calls.read(store.database.run_command(doc! { "hello": 1 })).await.map_err(unavailable)?;
    if hello.contains_key("setName") || matches!(hello.get_str("msg"), Ok("isdbgrid")) {
        return Ok(());
    }
    Err(MigrateError::Refused(
        "MongoDB has to run as a replica set (one member will do): start it with --replSet and initiate it"
            .to_owned(),
    ))
}

/// Some tens of milliseconds, by chance, so that those who wait do not ask together.
async fn wait_for_the_holder(store: &Connected) -> Result<(), MigrateError> {
    let [chance] = random(&*store.entropy).map_err(|error| MigrateError::Unavailable(error.into()))?;
    sleep(Duration::from_millis(20 + u64::from(chance) / 2)).await;
    Ok(())
}

pub(super) fn unavailable(error: StoreError) -> MigrateError {
    match error {
        StoreError::Broken(cause) => {
            MigrateError::Refused(format!("the store's own description of itself cannot be read: {cause}"))
        }
        StoreError::Unavailable(cause) | StoreError::OutcomeUnknown(cause) => {
            MigrateError::Unavailable(cause)
        }
        StoreError::Taken | StoreError::Stale => MigrateError::Unavailable(error.into()),
    }
}

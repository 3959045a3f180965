//! How every call is made: within a bound, within the deadline, and with its failure understood.

use std::time::Duration;

use mongodb::error::Error;
use tokio::{
    sync::{Semaphore, SemaphorePermit, TryAcquireError},
    time::timeout,
};
use tracing::{Instrument, Span};

use crate::store::{DEADLINE, StoreError};

use super::{
    connections::Tries,
    errors::{self, Cause},
};

/// The calls under way. The driver lets them queue for a connection without end, so the end is set here.
#[derive(Debug)]
pub(super) struct Calls(Semaphore);

impl Calls {
    /// With some twenty for each connection and a read of a millisecond, the last of them waits for about twenty. The
    /// listeners let more callers in; who is beyond this is told at once, and keeps nobody waiting.
    const MOST: u32 = 1024;

    pub(super) const fn new() -> Self {
        Self(Semaphore::const_new(Self::MOST as usize))
    }

    pub(super) async fn read<T>(
        &self,
        call: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        let _place = self.enter()?;
        in_time(call).instrument(traced("read")).await
    }

    /// For the one who listens for all others: a crowd must not keep from being told what nobody may believe any more.
    pub(super) async fn listen<T>(
        &self,
        call: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        if self.0.is_closed() {
            return Err(Cause::Closed.unavailable());
        }
        in_time(call).await
    }

    pub(super) async fn write<T>(
        &self,
        call: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        let _place = self.enter()?;
        let tries = Tries::default();
        let written = timeout(DEADLINE, tries.count(call.into_future()));
        match written.instrument(traced("write")).await {
            Ok(answer) => answer.map_err(|error| errors::of_write(&error, tries.made())),
            Err(_) => Err(errors::of_late_write(tries.made())),
        }
    }

    /// Lets nobody in any more, and waits for those who are; `false` when they took too long.
    pub(super) async fn close(&self, patience: Duration) -> bool {
        let done = timeout(patience, self.0.acquire_many(Self::MOST)).await.is_ok();
        self.0.close();
        done
    }

    fn enter(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        self.0.try_acquire().map_err(|refusal| match refusal {
            TryAcquireError::NoPermits => Cause::Crowded.unavailable(),
            TryAcquireError::Closed => Cause::Closed.unavailable(),
        })
    }
}

/// What a collector is told of a call.
fn traced(operation: &'static str) -> Span {
    tracing::info_span!(
        target: "otlp", "store", otel.kind = "client", db.system.name = "mongodb", db.operation.name = operation
    )
}

async fn in_time<T>(call: impl IntoFuture<Output = Result<T, Error>>) -> Result<T, StoreError> {
    match timeout(DEADLINE, call.into_future()).await {
        Ok(answer) => answer.map_err(|error| errors::of_read(&error)),
        Err(_) => Err(Cause::Late.unavailable()),
    }
}

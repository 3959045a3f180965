//! How every call is made: within a bound, within the deadline, and with its failure understood.

use std::{sync::Arc, time::Duration};

use mongodb::error::Error;
use tokio::{
    sync::{Semaphore, SemaphorePermit, TryAcquireError},
    time::timeout,
};
use tracing::{Instrument, Span};

use crate::store::{DEADLINE, StoreError, Traffic};

use super::{
    connections::Tries,
    errors::{self, Cause},
};

/// The calls under way. The driver lets them queue for a connection without end, so the end is set here.
#[derive(Debug)]
pub(super) struct Calls {
    places: Semaphore,
    traffic: Arc<Traffic>,
}

impl Calls {
    /// With some twenty for each connection and a read of a millisecond, the last of them waits for about twenty. The
    /// listeners let more callers in; who is beyond this is told at once, and keeps nobody waiting.
    const MOST: u32 = 1024;

    pub(super) const fn new(traffic: Arc<Traffic>) -> Self {
        Self { places: Semaphore::const_new(Self::MOST as usize), traffic }
    }

    pub(super) async fn read<T>(
        &self,
        call: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        let read = self.traffic.read();
        read.ends(match self.enter() {
            Ok(_place) => in_time(call).instrument(traced("read")).await,
            Err(refusal) => Err(refusal),
        })
    }

    /// For the one who listens for all others, whom a crowd must not keep from being told what nobody may believe any more; and for
    /// who looks how the store is.
    pub(super) async fn aside<T>(
        &self,
        call: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        if self.places.is_closed() {
            return Err(Cause::Closed.unavailable());
        }
        in_time(call).await
    }

    pub(super) async fn write<T>(
        &self,
        call: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        let write = self.traffic.write();
        let _place = match self.enter() {
            Ok(place) => place,
            Err(refusal) => return write.ends(Err(refusal)),
        };
        let tries = Tries::default();
        let written = timeout(DEADLINE, tries.count(call.into_future()));
        write.ends(match written.instrument(traced("write")).await {
            Ok(answer) => answer.map_err(|error| errors::of_write(&error, tries.made())),
            Err(_) => Err(errors::of_late_write(tries.made())),
        })
    }

    /// Lets nobody in any more, and waits for those who are; `false` when they took too long.
    pub(super) async fn close(&self, patience: Duration) -> bool {
        let done = timeout(patience, self.places.acquire_many(Self::MOST)).await.is_ok();
        self.places.close();
        done
    }

    fn enter(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        self.places.try_acquire().map_err(|refusal| match refusal {
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

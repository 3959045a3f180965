//! What the driver tells about its connections: which are at work, and whether a call has had one.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use mongodb::{event::cmap::CmapEvent, options::ServerAddress};

tokio::task_local! {
    static TRIES: Arc<AtomicU32>;
}

/// The connections at work, by the server they lead to and their number there.
#[derive(Debug, Default)]
pub(super) struct Connections(Mutex<HashSet<(ServerAddress, u32)>>);

impl Connections {
    /// Called by the driver, within the task whose call it is about.
    pub(super) fn note(&self, event: CmapEvent) {
        match event {
            CmapEvent::ConnectionCheckedOut(out) => {
                // Outside of `Tries::count` nobody asks.
                let _ = TRIES.try_with(|tries| tries.fetch_add(1, Ordering::Relaxed));
                self.with(|at_work| at_work.insert((out.address, out.connection_id)));
            }
            CmapEvent::ConnectionCheckedIn(back) => {
                self.with(|at_work| at_work.remove(&(back.address, back.connection_id)));
            }
            CmapEvent::ConnectionClosed(closed) => {
                self.with(|at_work| at_work.remove(&(closed.address, closed.connection_id)));
            }
            _ => {}
        }
    }

    pub(super) fn at_work(&self) -> u32 {
        self.with(|at_work| u32::try_from(at_work.len()).unwrap_or(u32::MAX))
    }

    fn with<T>(&self, change: impl FnOnce(&mut HashSet<(ServerAddress, u32)>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How often a call was given a connection: at most so many commands of it can have reached a server.
///
/// The driver's errors do not tell a server that could not be reached from one that fell silent after it was asked;
/// this does, also for a call that was given up.
#[derive(Clone, Debug, Default)]
pub(super) struct Tries(Arc<AtomicU32>);

impl Tries {
    pub(super) async fn count<F: Future>(&self, call: F) -> F::Output {
        TRIES.scope(Arc::clone(&self.0), call).await
    }

    pub(super) fn made(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

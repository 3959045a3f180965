//! The hashing pool: a fixed number of slots that compute password hashes, and a bounded queue before them.

mod backlog;
mod clerk;
mod derive;
mod limit;
mod pace;
mod priority;
mod queue;
mod room;
mod scratch;
mod slot;
mod traced;
mod turns;

use std::{
    fmt, io, mem,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use crate::{
    domain::{
        cost::Cost,
        password::Candidate,
        stored_hash::{Derived, Recipe},
    },
    system::meters::Histogram,
};

pub use room::{NoRoom, Room};

use clerk::Clerk;
use queue::{Limits, Queue};

/// Why a hash was not computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The queue is as long as may be waited for.
    #[error("the hashing queue is full")]
    Full { retry_after: Duration },
    /// A stored hash asks for more memory than there is.
    #[error("a stored hash needs more memory than the limit leaves")]
    TooDear,
    /// It also says so where a fault of its own lost this one hash.
    #[error("the hashing pool has stopped")]
    Stopped,
}

impl Refused {
    /// What the limit leaves room for may still not be there.
    fn no_memory(bytes: usize, cause: &dyn fmt::Display) -> Self {
        tracing::error!(%cause, bytes, "no memory for a hash");
        Self::Full { retry_after: Duration::from_secs(1) }
    }
}

/// Why there is no pool to hash with.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    #[error("a hashing thread could not be started")]
    Thread(#[from] io::Error),
}

/// How busy the pool is, for `/health`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    pub slots: usize,
    pub busy: usize,
    pub queued: usize,
    /// How long one more hash would wait for a slot.
    pub wait: Duration,
}

/// Computes password hashes on threads of its own.
pub struct HashingPool {
    queue: Arc<Queue>,
    slots: usize,
    patience: Duration,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// How long things may take.
#[derive(Clone, Copy)]
struct Terms {
    /// No job is taken that is not likely to be done by then.
    deadline: Duration,
    /// Nobody waits longer, however wrong that turned out: a request as a whole has five seconds.
    patience: Duration,
    /// A slot that computed nothing for so long gives its memory back.
    idle: Duration,
}

impl Terms {
    const USUAL: Self = Self {
        deadline: Duration::from_secs(3),
        patience: Duration::from_millis(3_500),
        idle: Duration::from_mins(1),
    };
}

impl HashingPool {
    /// As many slots as there is room for at this cost; refused where there is room for none.
    pub fn start(cost: Cost, room: Room) -> Result<Self, StartError> {
        Self::start_on(Terms::USUAL, cost, room)
    }

    fn start_on(terms: Terms, cost: Cost, room: Room) -> Result<Self, StartError> {
        let pool = Self::without_threads(terms, cost, room)?;
        for number in 0..pool.slots {
            // Those already started stop when the pool is dropped.
            let thread = Clerk::start(number, Arc::clone(&pool.queue), terms.idle)?;
            pool.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(pool)
    }

    fn without_threads(terms: Terms, cost: Cost, room: Room) -> Result<Self, NoRoom> {
        let slots = room.slots(cost)?;
        let (usual, dearest) = (cost.memory() as u64, room.for_one(cost));
        let queue = Arc::new(Queue::new(Limits { slots, usual, dearest, deadline: terms.deadline }));
        Ok(Self { queue, slots, patience: terms.patience, threads: Mutex::default() })
    }

    /// Waits for a slot and computes; a caller that goes away leaves the queue. Networks get theirs in turns, and in a
    /// full queue whoever asks for most is sent away in favour of the others.
    pub async fn derive(
        &self,
        candidate: Candidate,
        recipe: Recipe,
        from: Option<IpAddr>,
    ) -> Result<Derived, Refused> {
        let answer = self.queue.admit(candidate, recipe, from)?;
        match tokio::time::timeout(self.patience, answer).await {
            Ok(Ok(answered)) => answered,
            // The queue let go of it, or it takes longer than anybody foresaw.
            Ok(Err(_)) | Err(_) => Err(self.queue.too_late()),
        }
    }

    /// Refuses what [`Self::derive`] would refuse: for whoever has other work to do before, and could spare it.
    pub fn has_room(&self, cost: Cost, from: Option<IpAddr>) -> Result<(), Refused> {
        self.queue.has_room(cost, from)
    }

    /// Whether a job that came now would begin at once.
    pub fn has_a_free_slot(&self) -> bool {
        self.load().wait.is_zero()
    }

    /// How many hashes were refused for want of room since the start.
    pub fn turned_away(&self) -> u64 {
        self.queue.turned_away()
    }

    /// How long hashes waited for a slot.
    pub fn waits(&self) -> &Histogram {
        self.queue.waits()
    }

    /// How long a hash took.
    pub fn times(&self) -> &Histogram {
        self.queue.times()
    }

    pub fn load(&self) -> Load {
        let (busy, queued, wait) = self.queue.load();
        Load { slots: self.slots, busy, queued, wait }
    }

    /// Takes nothing more, finishes what was taken, and gives all memory back. Blocks until then.
    pub fn stop(&self) {
        self.queue.stop();
        let threads = mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A slot survives its panics, so there is nothing to learn from the end of one.
            let _ = thread.join();
        }
    }
}

impl Drop for HashingPool {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests;

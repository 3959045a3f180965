//! The hashing pool: a fixed number of slots that compute password hashes, and a bounded queue before them.

mod romix;
mod salsa;

use std::time::Duration;

use crate::domain::{
    password::Candidate,
    stored_hash::{Derived, Recipe},
};

/// Why a hash was not computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The queue is as long as may be waited for.
    #[error("the hashing queue is full")]
    Full { retry_after: Duration },
    /// A stored hash asks for more memory than there is.
    #[error("a stored hash needs more memory than the limit leaves")]
    TooDear,
    #[error("the hashing pool has stopped")]
    Stopped,
}

/// Computes password hashes on threads of its own.
pub struct HashingPool {}

impl HashingPool {
    /// Waits for a slot and computes; a caller that goes away leaves the queue.
    pub async fn derive(&self, _candidate: Candidate, _recipe: Recipe) -> Result<Derived, Refused> {
        std::future::ready(Err(Refused::Stopped)).await
    }
}

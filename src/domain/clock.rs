//! The two things a decision needs from outside and must be handed: the time and chance.

use std::time::Duration;

use jiff::Timestamp;

/// Tells the time. Every rule takes its `now` from one of these, so that a test can hold it still.
pub trait Clock: Send + Sync {
    /// The present moment in whole milliseconds, which is what both stores can remember.
    fn now(&self) -> Timestamp;

    /// A time that only runs forward, for measuring how long something takes or has been so.
    fn uptime(&self) -> Duration;
}

/// Fills memory with bytes nobody can guess.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The operating system gave no random bytes; whatever needed them must not go on.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoEntropy;

/// An array of random bytes.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

//! The operating system's random source, and no other.

#[expect(clippy::disallowed_types, reason = "this is the one place that asks")]
use rand::{TryRng, rngs::SysRng};

use crate::domain::clock::{Entropy, NoEntropy};

#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        SysRng.try_fill_bytes(bytes).map_err(|_| NoEntropy)
    }
}

//! What a store keeps of outlets: who fills them, and how far they have come.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::outlet::{Holder, OutletName, Taken, Taking};

/// A part of [`Store`](super::Store), and of its contract.
#[async_trait]
pub trait Outlets: Send + Sync {
    /// Takes the outlet up, or keeps it, unless somebody else has it by now, for no longer than anybody may.
    async fn take_outlet(
        &self,
        name: &OutletName,
        taking: Taking,
        now: Timestamp,
    ) -> Result<Taken, StoreError>;

    /// Moves it from one place of the chain to another; `Stale` where it is not there, or somebody else has taken it up since.
    async fn move_outlet(
        &self,
        name: &OutletName,
        holder: Holder,
        from: u64,
        to: u64,
    ) -> Result<(), StoreError>;

    /// Leaves it to others, at once; nothing where somebody else has it.
    async fn leave_outlet(&self, name: &OutletName, holder: Holder) -> Result<(), StoreError>;
}

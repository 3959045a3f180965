//! What a store keeps of outlets: who fills them, and how far they have come.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::outlet::{Holder, OutletName, Taking};

/// A part of [`Store`](super::Store), and of its contract.
#[async_trait]
pub trait Outlets: Send + Sync {
    /// Takes the outlet up, or keeps it, and says up to which place of the chain everything has gone out; `None` while
    /// somebody else has it.
    async fn take_outlet(
        &self,
        name: &OutletName,
        taking: Taking,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError>;

    /// Notes that everything up to this place has gone out; `Stale` where somebody else has taken it up since, or has come further.
    async fn advance_outlet(
        &self,
        name: &OutletName,
        holder: Holder,
        position: u64,
    ) -> Result<(), StoreError>;

    /// Leaves it to others, at once; nothing where somebody else has it.
    async fn leave_outlet(&self, name: &OutletName, holder: Holder) -> Result<(), StoreError>;
}

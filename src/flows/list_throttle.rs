//! List the throttle: what is counted, and what waits for how long.

use jiff::Timestamp;

pub use crate::domain::throttle::Counted;
use crate::{
    store::{Store, StoreError},
    system::vault::Vault,
};

use super::throttle;

/// A count, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `None` of what was counted with another key secret.
    pub counted: Option<Counted>,
    pub tries: u32,
    pub waits_until: Option<Timestamp>,
    pub forgotten_at: Timestamp,
}

/// Hands on each count that runs, a batch after the other, as long as it is wanted.
pub async fn list_throttle(
    store: &dyn Store,
    vault: &Vault,
    now: Timestamp,
    mut show: impl FnMut(Listed) -> bool,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let tallies = store.tallies(after, now).await?;
        let Some(last) = tallies.last() else { return Ok(()) };
        after = Some(last.digest);
        for tally in tallies {
            let counted = throttle::read(vault, &tally);
            let (tries, waits_until, forgotten_at) = (tally.count, tally.waits_until, tally.forgotten_at);
            if !show(Listed { counted, tries, waits_until, forgotten_at }) {
                return Ok(());
            }
        }
    }
}

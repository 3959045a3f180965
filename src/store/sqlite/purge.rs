//! Removing what expired, a portion at a time.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::lane::Lane;
use crate::store::StoreError;

/// A few milliseconds' worth.
const PORTION: usize = 500;

/// What one portion came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portion {
    pub(super) removed: u64,
    /// It was full, so there may be more.
    pub(super) more: bool,
}

pub(super) fn portion(
    connection: &Connection,
    statement: &str,
    expired_before: Timestamp,
) -> rusqlite::Result<Portion> {
    let limit = i64::try_from(PORTION).unwrap_or(i64::MAX);
    let removed =
        connection.prepare_cached(statement)?.execute(params![expired_before.as_millisecond(), limit])?;
    Ok(Portion { removed: removed.try_into().unwrap_or(u64::MAX), more: removed == PORTION })
}

/// How one kind of what expired is removed.
type Purge = fn(&Connection, Timestamp) -> rusqlite::Result<Portion>;

impl Lane {
    /// Each kind until nothing is left of it; returns how much went.
    pub(super) async fn purge(&self, kinds: &[Purge], now: Timestamp) -> Result<u64, StoreError> {
        let mut gone = 0;
        for &purge in kinds {
            loop {
                let portion = self.write(move |connection| purge(connection, now)).await?;
                gone += portion.removed;
                if !portion.more {
                    break;
                }
            }
        }
        Ok(gone)
    }
}

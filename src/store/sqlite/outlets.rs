//! Outlets: who fills them, and how far they have come.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    SqliteStore,
    columns::{Columns, number},
    statements::statements,
};
use crate::{
    domain::outlet::{Holder, OutletName, Taking},
    store::{Outlets, StoreError},
};

statements! {
    TAKE = "INSERT INTO outlets (name, position, holder, held_until) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until \
        WHERE holder = excluded.holder OR held_until <= ?5 \
        RETURNING position";
    ADVANCE = "UPDATE outlets SET position = ?3 WHERE name = ?1 AND holder = ?2 AND position <= ?3";
    LEAVE = "UPDATE outlets SET held_until = 0 WHERE name = ?1 AND holder = ?2";
    // Every one of a few.
    GO_TO_THE_END = "UPDATE outlets SET position = coalesce((SELECT max(position) FROM events), 0)";
}

#[async_trait]
impl Outlets for SqliteStore {
    async fn take_outlet(
        &self,
        name: &OutletName,
        taking: Taking,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        let name = name.clone();
        self.writer.write(move |connection| take(connection, &name, taking, now)).await
    }

    async fn advance_outlet(
        &self,
        name: &OutletName,
        holder: Holder,
        position: u64,
    ) -> Result<(), StoreError> {
        let name = name.clone();
        let advance = move |connection: &Connection| advance(connection, &name, holder, position);
        if self.writer.write(advance).await? { Ok(()) } else { Err(StoreError::Stale) }
    }

    async fn leave_outlet(&self, name: &OutletName, holder: Holder) -> Result<(), StoreError> {
        let name = name.clone();
        self.writer.write(move |connection| leave(connection, &name, holder)).await
    }
}

fn take(
    connection: &Connection,
    name: &OutletName,
    Taking { holder, until, first }: Taking,
    now: Timestamp,
) -> rusqlite::Result<Option<u64>> {
    let holder = holder.as_uuid().into_bytes();
    let by = params![name.as_str(), number(first)?, holder, until.as_millisecond(), now.as_millisecond()];
    connection.prepare_cached(TAKE)?.query_row(by, |row| Columns::of(row).number()).optional()
}

fn advance(
    connection: &Connection,
    name: &OutletName,
    holder: Holder,
    position: u64,
) -> rusqlite::Result<bool> {
    let by = params![name.as_str(), holder.as_uuid().into_bytes(), number(position)?];
    Ok(connection.prepare_cached(ADVANCE)?.execute(by)? == 1)
}

fn leave(connection: &Connection, name: &OutletName, holder: Holder) -> rusqlite::Result<()> {
    let by = params![name.as_str(), holder.as_uuid().into_bytes()];
    connection.prepare_cached(LEAVE)?.execute(by).map(drop)
}

/// After an import: what came with it was told of where it came from.
pub(super) fn go_to_the_end(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached(GO_TO_THE_END)?.execute([]).map(drop)
}

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
    domain::outlet::{Holder, OutletName, Taken, Taking},
    store::{Outlets, StoreError},
};

statements! {
    TAKE = "INSERT INTO outlets (name, position, holder, held_until) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until \
        WHERE holder = excluded.holder OR held_until <= ?5 OR held_until > ?6 \
        RETURNING position";
    POSITION = "SELECT position FROM outlets WHERE name = ?1";
    MOVE = "UPDATE outlets SET position = ?4 WHERE name = ?1 AND holder = ?2 AND position = ?3";
    LEAVE = "UPDATE outlets SET held_until = 0 WHERE name = ?1 AND holder = ?2";
    // Every one of a few.
    GO_TO_THE_END = "UPDATE outlets SET position = coalesce((SELECT max(position) FROM events), 0) WHERE name > ''";
}

#[async_trait]
impl Outlets for SqliteStore {
    async fn take_outlet(
        &self,
        name: &OutletName,
        taking: Taking,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let name = name.clone();
        self.writer.write(move |connection| take(connection, &name, taking, now)).await
    }

    async fn move_outlet(
        &self,
        name: &OutletName,
        holder: Holder,
        from: u64,
        to: u64,
    ) -> Result<(), StoreError> {
        let name = name.clone();
        let go = move |connection: &Connection| go(connection, &name, holder, (from, to));
        if self.writer.write(go).await? { Ok(()) } else { Err(StoreError::Stale) }
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
) -> rusqlite::Result<Taken> {
    let (holder, beyond) = (holder.as_uuid().into_bytes(), now + Taking::LONGEST);
    let (now, beyond) = (now.as_millisecond(), beyond.as_millisecond());
    let by = params![name.as_str(), number(first)?, holder, until.as_millisecond(), now, beyond];
    let ours = connection.prepare_cached(TAKE)?.query_row(by, |row| Columns::of(row).number()).optional()?;
    if let Some(position) = ours {
        return Ok(Taken::Ours { position });
    }
    let theirs =
        connection.prepare_cached(POSITION)?.query_row([name.as_str()], |row| Columns::of(row).number());
    Ok(Taken::Elsewhere { position: theirs? })
}

fn go(
    connection: &Connection,
    name: &OutletName,
    holder: Holder,
    (from, to): (u64, u64),
) -> rusqlite::Result<bool> {
    let by = params![name.as_str(), holder.as_uuid().into_bytes(), number(from)?, number(to)?];
    Ok(connection.prepare_cached(MOVE)?.execute(by)? == 1)
}

fn leave(connection: &Connection, name: &OutletName, holder: Holder) -> rusqlite::Result<()> {
    let by = params![name.as_str(), holder.as_uuid().into_bytes()];
    connection.prepare_cached(LEAVE)?.execute(by).map(drop)
}

/// After an import: what came with it was told of where it came from.
pub(super) fn go_to_the_end(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached(GO_TO_THE_END)?.execute([]).map(drop)
}

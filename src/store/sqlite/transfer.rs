//! Everything out of the database, as it was at one moment, and into an empty one.

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    time::timeout,
};

use super::{
    columns::Columns,
    errors::store_error,
    events,
    lane::{Lane, NoAnswer},
    one_time,
    rows::{self, event_columns, one_time_columns, session_columns, user_columns},
    sessions, signing_keys, users,
};
use crate::{
    domain::record::{Kind, Record},
    store::{BATCH, DEADLINE, Export, StoreError},
};

type Batch = Result<Vec<Record>, StoreError>;

/// Batches that wait to be taken; the one who reads waits for them to be.
const IN_LINE: usize = 2;

/// Rows that are removed in one call: it ends well within the deadline.
const PORTION: usize = 5_000;

/// Reads whole tables, which no other statement does.
const fn all(kind: Kind) -> &'static str {
    match kind {
        Kind::Users => concat!("SELECT ", user_columns!(), " FROM users AS u ORDER BY u.id"),
        Kind::Sessions => concat!("SELECT ", session_columns!(), " FROM sessions AS s ORDER BY s.id"),
        Kind::OneTime => concat!("SELECT ", one_time_columns!(), " FROM one_time ORDER BY digest"),
        Kind::SigningKeys => {
            "SELECT id, number, public, private, created_at, not_before FROM signing_keys ORDER BY id"
        }
        Kind::Events => concat!("SELECT ", event_columns!(), " FROM events ORDER BY id"),
    }
}

fn read(kind: Kind, columns: &mut Columns<'_>) -> rusqlite::Result<Record> {
    match kind {
        Kind::Users => rows::user(columns).map(Record::User),
        Kind::Sessions => rows::session(columns).map(Record::Session),
        Kind::OneTime => rows::one_time(columns).map(Record::OneTime),
        Kind::SigningKeys => rows::signing_key(columns).map(Record::SigningKey),
        Kind::Events => rows::event(columns).map(Record::Event),
    }
}

pub(super) struct SqliteExport {
    batches: Receiver<Batch>,
    ended: bool,
}

impl SqliteExport {
    /// Keeps one of the lane's threads busy until it has been read to its end, or dropped.
    pub(super) fn begin(lane: &Lane) -> Result<Self, StoreError> {
        let (to, batches) = mpsc::channel(IN_LINE);
        let begun = lane.queue_up(Box::new(move |link| {
            if let Err(error) = link.read(|connection| send_all(connection, &to)) {
                // Whoever does not listen any more has what they wanted.
                let _ = to.blocking_send(Err(store_error(error)));
            }
        }));
        begun
            .map(|()| Self { batches, ended: false })
            .map_err(|no_answer| StoreError::Unavailable(no_answer.into()))
    }
}

#[async_trait]
impl Export for SqliteExport {
    async fn next(&mut self) -> Batch {
        if self.ended {
            return Ok(Vec::new());
        }
        let batch = match timeout(DEADLINE, self.batches.recv()).await {
            Ok(Some(batch)) => batch?,
            Ok(None) => return Err(StoreError::Unavailable(NoAnswer::Lost { begun: true }.into())),
            Err(_) => return Err(StoreError::Unavailable(NoAnswer::Late { begun: true }.into())),
        };
        self.ended = batch.is_empty();
        Ok(batch)
    }
}

/// In one transaction, so that all of it is of one moment. The end is said, with a batch of nothing: silence is a reader that
/// was lost.
fn send_all(connection: &Connection, to: &Sender<Batch>) -> rusqlite::Result<()> {
    let moment = connection.unchecked_transaction()?;
    for kind in Kind::ALL {
        let mut statement = moment.prepare(all(kind))?;
        let mut rows = statement.query([])?;
        loop {
            let mut batch = Vec::with_capacity(BATCH);
            while let Some(row) = if batch.len() < BATCH { rows.next()? } else { None } {
                batch.push(read(kind, &mut Columns::of(row))?);
            }
            if batch.is_empty() {
                break;
            }
            if to.blocking_send(Ok(batch)).is_err() {
                return Ok(());
            }
        }
    }
    // Whoever has gone does not care.
    let _ = to.blocking_send(Ok(Vec::new()));
    Ok(())
}

/// Takes some out; `false` once there is nothing left.
pub(super) fn remove_some(connection: &Connection, kind: Kind) -> rusqlite::Result<bool> {
    let table = kind.as_str();
    let some = format!("DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} LIMIT {PORTION})");
    Ok(connection.execute(&some, [])? > 0)
}

pub(super) fn add_all(connection: &Connection, records: &[Record]) -> rusqlite::Result<()> {
    records.iter().try_for_each(|record| match record {
        Record::User(user) => users::add(connection, user),
        Record::Session(session) => sessions::add(connection, session),
        Record::OneTime(record) => one_time::add(connection, record),
        Record::SigningKey(key) => signing_keys::add(connection, key),
        Record::Event(event) => events::add(connection, event),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_export_whose_reader_was_lost_has_not_ended() {
        let (to, batches) = mpsc::channel(IN_LINE);
        let mut export = SqliteExport { batches, ended: false };
        drop(to);
        let next = export.next().await;
        assert!(matches!(next, Err(StoreError::Unavailable(_))), "{next:?}");
    }
}

//! What changed: what this process wrote, and that another one did.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::{
    sync::broadcast::{
        self,
        error::{RecvError, TryRecvError},
    },
    time::timeout,
};

use super::{lane::Lane, statements::statements};
use crate::store::{Change, Changes, QUIET, StoreError};

statements! {
    /// Counts the commits of all connections but the one that asks.
    BY_OTHERS = "PRAGMA data_version";
}

/// What is told of and not yet heard; whoever falls further behind forgets everything.
const IN_LINE: usize = 1_024;

/// Where what this process writes is told.
#[derive(Clone)]
pub(super) struct Told(broadcast::Sender<Change>);

impl Default for Told {
    fn default() -> Self {
        Self(broadcast::Sender::new(IN_LINE))
    }
}

impl Told {
    pub(super) fn tell(&self, change: Change) {
        // Nobody listens where nothing is remembered.
        let _ = self.0.send(change);
    }

    pub(super) fn listen(&self, writer: &Arc<Lane>) -> SqliteChanges {
        SqliteChanges { heard: self.0.subscribe(), writer: Arc::clone(writer), by_others: None }
    }
}

pub(super) struct SqliteChanges {
    heard: broadcast::Receiver<Change>,
    /// All that this process writes goes through its one connection, so the rest is written by others.
    writer: Arc<Lane>,
    by_others: Option<i64>,
}

#[async_trait]
impl Changes for SqliteChanges {
    async fn next(&mut self) -> Result<Vec<Change>, StoreError> {
        let by_others = self.writer.read(count_commits_of_others).await?;
        if self.by_others.replace(by_others) != Some(by_others) {
            return Ok(self.lost());
        }
        match timeout(QUIET, self.heard.recv()).await {
            Ok(Ok(first)) => Ok(self.all_from(first)),
            Ok(Err(RecvError::Lagged(_))) => Ok(self.lost()),
            // The store is closed, or nothing happened.
            Ok(Err(RecvError::Closed)) | Err(_) => Ok(Vec::new()),
        }
    }
}

impl SqliteChanges {
    /// Whoever hears of one takes it for all there was.
    fn all_from(&mut self, first: Change) -> Vec<Change> {
        let mut changes = vec![first];
        loop {
            match self.heard.try_recv() {
                Ok(change) => changes.push(change),
                Err(TryRecvError::Lagged(_)) => return self.lost(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return changes,
            }
        }
    }

    fn lost(&mut self) -> Vec<Change> {
        self.heard = self.heard.resubscribe();
        vec![Change::Everything]
    }
}

fn count_commits_of_others(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached(BY_OTHERS)?.query_row([], |row| row.get(0))
}

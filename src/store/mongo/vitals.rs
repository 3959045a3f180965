//! How the servers are as a whole. What we may not ask them is said, and is no failure.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use mongodb::{
    IndexModel,
    bson::{Bson, Document, doc},
    error::{Error, ErrorKind},
    options::Hint,
};

use crate::store::{MOST_LETTERS, Share, StoreError, Vitals};

use super::{Connected, indexes, migrations::SCHEMA};

const NAMESPACE_NOT_FOUND: i32 = 26;

impl Connected {
    pub(super) async fn look(&self) -> Result<Vitals, StoreError> {
        let missing_indexes = self.missing_indexes().await?;
        let (lag, letters) = (self.lag.worst(), Some(self.letters().await?));
        let mut vitals = Vitals { missing_indexes, lag, letters, ..Vitals::default() };
        match self.told(doc! { "dbStats": 1 }).await? {
            Some(stats) => vitals.storage = share(&stats, "fsUsedSize", "fsTotalSize"),
            None => vitals.untold.push("dbStats"),
        }
        match self.told(server_status()).await? {
            Some(status) => {
                vitals.connections = status.get_document("connections").ok().and_then(connections);
                vitals.oplog = oplog(&status);
            }
            None => vitals.untold.push("serverStatus"),
        }
        Ok(vitals)
    }

    async fn letters(&self) -> Result<u64, StoreError> {
        let waiting = self.users.count_documents(doc! { "outbox.nextTryAt": { "$exists": true } });
        let index = Hint::Keys(doc! { "outbox.nextTryAt": 1 });
        self.calls.read(waiting.hint(index).limit(MOST_LETTERS).into_future()).await
    }

    /// `None` where the server does not tell us.
    async fn told(&self, command: Document) -> Result<Option<Document>, StoreError> {
        let told = async {
            match self.database.run_command(command).await {
                Err(error) if code(&error).is_some() => Ok(None),
                told => told.map(Some),
            }
        };
        self.calls.aside(told).await
    }

    /// A later release may do without one of ours.
    async fn missing_indexes(&self) -> Result<Vec<String>, StoreError> {
        if self.stored_schema().await?.is_none_or(|stored| stored.step > SCHEMA.step) {
            return Ok(Vec::new());
        }
        let mut missing = Vec::new();
        for collection in indexes::collections() {
            if let Some(existing) = self.indexes_of(collection).await? {
                missing.extend(indexes::lacking(collection, &existing));
            }
        }
        Ok(missing)
    }

    /// `None` where there is no such collection.
    pub(super) async fn indexes_of(&self, collection: &str) -> Result<Option<Vec<IndexModel>>, StoreError> {
        let existing = self.database.collection::<Document>(collection);
        let listed = async {
            match existing.list_indexes().await {
                Ok(cursor) => cursor.try_collect().await.map(Some),
                Err(error) if code(&error) == Some(NAMESPACE_NOT_FOUND) => Ok(None),
                Err(error) => Err(error),
            }
        };
        self.calls.read(listed).await
    }
}

/// Two sections of many.
fn server_status() -> Document {
    let mut command = doc! { "serverStatus": 1, "oplog": 1 };
    for needless in ["metrics", "wiredTiger", "tcmalloc", "opcounters", "locks", "network", "transactions"] {
        command.insert(needless, 0);
    }
    command
}

fn connections(told: &Document) -> Option<Share> {
    let (used, left) = (number(told, "current")?, number(told, "available")?);
    Some(Share { used, of: used + left })
}

/// Until something of it was thrown away it is as old as the set, which says nothing.
fn oplog(status: &Document) -> Option<Duration> {
    number(status.get_document("oplogTruncation").ok()?, "truncateCount").filter(|times| *times > 0)?;
    let oplog = status.get_document("oplog").ok()?;
    let second = |name| oplog.get_timestamp(name).ok().map(|at| u64::from(at.time));
    Some(Duration::from_secs(second("latestOptime")?.saturating_sub(second("earliestOptime")?)))
}

fn share(told: &Document, used: &str, of: &str) -> Option<Share> {
    Some(Share { used: number(told, used)?, of: number(told, of)? })
}

/// Servers choose how they write one down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes and counts are whole and not below 0"
)]
fn number(told: &Document, name: &str) -> Option<u64> {
    match told.get(name)? {
        Bson::Int32(number) => u64::try_from(*number).ok(),
        Bson::Int64(number) => u64::try_from(*number).ok(),
        Bson::Double(number) => Some(*number as u64),
        _ => None,
    }
}

fn code(error: &Error) -> Option<i32> {
    match &*error.kind {
        ErrorKind::Command(answer) => Some(answer.code),
        _ => None,
    }
}

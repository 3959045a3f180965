//! The users of another system, read from its own collection: documents with an address and a password hash.

use std::time::Duration;

use jiff::Timestamp;
use mongodb::{
    Client, Collection, Cursor,
    bson::{RawBsonRef, RawDocument, RawDocumentBuf, doc},
    error::{Error, ErrorKind},
    options::ClientOptions,
};
use tokio::time::timeout;

use crate::store::{BATCH, MigrateError, StoreError};

use super::{
    connect,
    errors::{self, Cause},
};

/// It may be far away, and nobody's request waits.
const TO_FIND_A_SERVER: Duration = Duration::from_secs(10);
const TO_ANSWER: Duration = Duration::from_mins(1);

/// A cursor over a collection of another database, which is only read.
pub struct Elsewhere {
    cursor: Cursor<RawDocumentBuf>,
    name: String,
    /// As they are called to whoever looks for them.
    servers: String,
}

/// What a document says of somebody; what it does not say, or not as text, is nothing.
pub struct Stranger {
    /// As MongoDB's own tools show it.
    pub id: String,
    pub email: Option<String>,
    pub password: Option<String>,
    /// As its id tells.
    pub created_at: Option<Timestamp>,
}

impl Elsewhere {
    /// In the order of their ids, which is that in which they came.
    pub async fn open(url: &str, collection: &str) -> Result<Self, MigrateError> {
        let parsed = ClientOptions::parse(url).await;
        let mut options = parsed.map_err(|error| connect::refuse("the other MongoDB's URL", url, &error))?;
        let no_name = || {
            let sentence = "the other MongoDB's URL names no database: mongodb://HOST/DATABASE";
            MigrateError::Refused(sentence.to_owned())
        };
        let database = options.default_database.clone().ok_or_else(no_name)?;
        options.server_selection_timeout.get_or_insert(TO_FIND_A_SERVER);
        options.app_name = Some("portcullis import".to_owned());
        let servers = options.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let client = Client::with_options(options).map_err(|_| {
            MigrateError::Refused("the other MongoDB's URL asks for what cannot be had".to_owned())
        })?;
        let users: Collection<RawDocumentBuf> = client.database(&database).collection(collection);
        let found =
            users.find(doc! {}).sort(doc! { "_id": 1 }).projection(doc! { "email": 1, "password": 1 });
        let found = found.batch_size(u32::try_from(BATCH).unwrap_or(u32::MAX));
        let unavailable = |cause: Cause| MigrateError::Unavailable(Box::new(cause));
        match timeout(TO_ANSWER, found.into_future()).await {
            Ok(Ok(cursor)) => {
                let name = format!("{database}.{collection} at {servers}");
                Ok(Self { cursor, name, servers })
            }
            Ok(Err(error)) => {
                Err(unavailable(silence(&error, &servers).unwrap_or_else(|| Cause::of(&error))))
            }
            Err(_) => Err(unavailable(Cause::Late)),
        }
    }

    /// The collection, with its database and its servers.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next ones, at most [`BATCH`]; nothing at the end.
    pub async fn next(&mut self) -> Result<Vec<Stranger>, StoreError> {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            match timeout(TO_ANSWER, self.cursor.advance()).await {
                Ok(Ok(true)) => batch.push(Stranger::of(self.cursor.current())),
                Ok(Ok(false)) => break,
                Ok(Err(error)) => {
                    let silence = silence(&error, &self.servers).map(Cause::unavailable);
                    return Err(silence.unwrap_or_else(|| errors::of_read(&error)));
                }
                Err(_) => return Err(Cause::Late.unavailable()),
            }
        }
        Ok(batch)
    }
}

/// Of servers among which none could be chosen the driver tells all that it has seen of each.
fn silence(error: &Error, servers: &str) -> Option<Cause> {
    let sentence = format!("no server answers, or none that may be read, at {servers}");
    matches!(&*error.kind, ErrorKind::ServerSelection { .. }).then_some(Cause::Driver(sentence))
}

/// What is longer is no address and no hash.
const LONGEST: usize = 64 << 10;
const SHOWN: usize = 64;

impl Stranger {
    fn of(document: &RawDocument) -> Self {
        let short = |text: &&str| text.len() <= LONGEST;
        let text = |field: &str| document.get_str(field).ok().filter(short).map(str::to_owned);
        let (id, created_at) = match document.get("_id").ok().flatten() {
            Some(RawBsonRef::ObjectId(id)) => {
                (id.to_hex(), { Timestamp::from_millisecond(id.timestamp().timestamp_millis()).ok() })
            }
            // It is shown to people.
            Some(RawBsonRef::String(id)) => {
                (id.chars().filter(|c| !c.is_control()).take(SHOWN).collect(), None)
            }
            Some(RawBsonRef::Int32(id)) => (id.to_string(), None),
            Some(RawBsonRef::Int64(id)) => (id.to_string(), None),
            _ => ("of another kind".to_owned(), None),
        };
        Self { id, email: text("email"), password: text("password"), created_at }
    }
}

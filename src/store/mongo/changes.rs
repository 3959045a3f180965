//! What changed: a change stream over the database, read a batch at a time and gone on with where it was.

use std::{mem::replace, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::{
    bson::{self, Bson, Document, RawDocument, Timestamp, doc},
    error::{Error, ErrorKind, RESUMABLE_CHANGE_STREAM_ERROR},
    options::{ReadPreference, SelectionCriteria},
    raw_batch_cursor::RawBatchCursor,
};
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::{
    domain::id::{SessionId, UserId},
    store::{Change, Changes, QUIET, StoreError},
    system::clock::Stopwatch,
};

use super::{Connected, documents::values::Id, errors::Cause, settings::STORE};

/// What the server hands over at once. A batch that is not full holds all there was.
const BATCH: u32 = 1_000;

/// How far a stream that broke is gone back. A new primary may for a moment show what the old one had already
/// replaced; whoever was told of that change and read again at that moment has to be told once more.
const AGAIN: Duration = Duration::from_secs(10);

/// After so long nothing is believed any more that was not told of, and to begin anew costs less than to catch up: the
/// server reads everything that anybody wrote meanwhile, within the time of one call.
const TOO_LONG: Duration = Duration::from_secs(30);

const CURSOR_NOT_FOUND: i32 = 43;

pub(super) struct MongoChanges {
    connected: Arc<OnceCell<Connected>>,
    /// `None` until it is opened, and again once something went wrong or was given up halfway.
    stream: Option<RawBatchCursor>,
    /// `None` while nothing was told, and once the server no longer knows the place.
    place: Option<Place>,
}

/// Where to go on after a break: a place of at least [`AGAIN`] ago, and the one that will be it next.
#[derive(Clone)]
struct Place {
    before: Document,
    mark: Document,
    marked: Stopwatch,
}

/// An event, of which the pipeline leaves no more than this.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    ns: Namespace,
    document_key: Key,
}

#[derive(Deserialize)]
struct Namespace {
    coll: String,
}

#[derive(Deserialize)]
struct Key {
    #[serde(rename = "_id")]
    id: Id,
}

impl MongoChanges {
    pub(super) fn of(connected: &Arc<OnceCell<Connected>>) -> Self {
        Self { connected: Arc::clone(connected), stream: None, place: None }
    }

    /// From here on all that changes is told, and what changed before can be read.
    async fn begin(&mut self, store: &Connected) -> Result<Vec<Change>, Error> {
        // A stream would by itself begin with what the primary wrote last, and pass over what a majority does not have
        // yet and nobody can read. So it is told to begin behind what readers see.
        let look = doc! {
            "find": "settings", "filter": { "_id": STORE }, "limit": 1, "singleBatch": true,
            "readConcern": { "level": "majority" },
        };
        let looked = store.database.run_command(look).await?;
        let start = looked.get_timestamp("operationTime").map_or_else(|_| Document::new(), just_after);
        let mut stream = open(store, start).await?;
        let opened = stream.try_next().await?;
        self.place = opened.and_then(|reply| token(reply.as_raw_document())).map(Place::at);
        self.stream = Some(stream);
        Ok(vec![Change::Everything])
    }

    async fn go_on(&mut self, store: &Connected, mut place: Place) -> Result<Vec<Change>, Error> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None if place.marked.elapsed() > TOO_LONG => return self.begin(store).await,
            None => open(store, doc! { "startAfter": place.before.clone() }).await?,
        };
        let mut changes = Vec::new();
        loop {
            // A server ends a stream whose database is dropped.
            let Some(reply) = stream.try_next().await? else { return self.begin(store).await };
            let before = changes.len();
            for event in reply.doc_slices()? {
                changes.push(event?.as_document().map_or(Change::Everything, read));
            }
            if let Some(reached) = token(reply.as_raw_document()) {
                place.reach(reached);
            }
            let whole = changes.len() - before < BATCH as usize;
            if whole && !is_opening(reply.as_raw_document()) {
                break;
            }
        }
        self.place = Some(place);
        self.stream = Some(stream);
        Ok(changes)
    }
}

#[async_trait]
impl Changes for MongoChanges {
    async fn next(&mut self) -> Result<Vec<Change>, StoreError> {
        let connected = Arc::clone(&self.connected);
        let store = connected.get().ok_or_else(|| Cause::NotYet.unavailable())?;
        let told = async {
            let told = match self.place.clone() {
                None => self.begin(store).await,
                Some(place) => self.go_on(store, place).await,
            };
            if told.as_ref().is_err_and(loses_the_place) {
                self.place = None;
            }
            told
        };
        store.calls.aside(told).await
    }
}

impl Place {
    fn at(token: Document) -> Self {
        Self { before: token.clone(), mark: token, marked: Stopwatch::start() }
    }

    fn reach(&mut self, token: Document) {
        if self.marked.elapsed() >= AGAIN {
            self.before = replace(&mut self.mark, token);
            self.marked = Stopwatch::start();
        }
    }
}

fn just_after(Timestamp { time, increment }: Timestamp) -> Document {
    doc! { "startAtOperationTime": Timestamp { time, increment: increment.saturating_add(1) } }
}

/// The first reply comes at once and is empty, so that every other one has waited for what there is.
async fn open(store: &Connected, start: Document) -> Result<RawBatchCursor, Error> {
    let mut pipeline = vec![Bson::from(doc! { "$changeStream": start })];
    pipeline.extend(watched().map(Bson::from));
    let command = doc! {
        "aggregate": 1,
        "pipeline": pipeline,
        "cursor": { "batchSize": 0 },
        "readConcern": { "level": "majority" },
    };
    let open = store.database.run_cursor_command(command).batch_size(BATCH).max_time(QUIET);
    open.selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary)).batch().await
}

/// What may be told: not that somebody signed up or in, and not that a session was seen, which is most of what is written.
fn watched() -> [Document; 2] {
    let fields = doc! { "$objectToArray": { "$ifNull": ["$updateDescription.updatedFields", {}] } };
    let names = doc! { "$map": { "input": fields, "in": "$$this.k" } };
    let set = doc! { "$setDifference": [names, ["lastSeenAt", "idleExpiresAt"]] };
    let unset = doc! { "$ifNull": ["$updateDescription.removedFields", []] };
    let more_than_seen = doc! { "$expr": { "$ne": [{ "$concatArrays": [set, unset] }, []] } };
    let wanted = doc! { "$or": [
        { "ns.coll": "users", "operationType": { "$in": ["update", "replace", "delete"] } },
        { "ns.coll": "sessions", "operationType": { "$in": ["replace", "delete"] } },
        { "ns.coll": "sessions", "operationType": "update", "$and": [more_than_seen] },
        { "operationType": { "$in": ["drop", "rename", "dropDatabase", "invalidate"] } },
    ] };
    [doc! { "$match": wanted }, doc! { "$project": { "ns.coll": 1, "documentKey._id": 1 } }]
}

fn read(event: &RawDocument) -> Change {
    match bson::deserialize_from_slice(event.as_bytes()) {
        Ok(Event { ns, document_key }) if ns.coll == "users" => {
            Change::User(UserId::from_uuid(document_key.id.into()))
        }
        Ok(Event { ns, document_key }) if ns.coll == "sessions" => {
            Change::Session(SessionId::from_uuid(document_key.id.into()))
        }
        // A collection has gone, or holds what is none of ours.
        _ => Change::Everything,
    }
}

/// The place behind all that the reply tells.
fn token(reply: &RawDocument) -> Option<Document> {
    let token = reply.get_document("cursor").ok()?.get_document("postBatchResumeToken").ok()?;
    Document::try_from(token).ok()
}

fn is_opening(reply: &RawDocument) -> bool {
    reply.get_document("cursor").is_ok_and(|cursor| cursor.get_array("firstBatch").is_ok())
}

/// Whoever says too often that everything may have changed does no harm; so a place is kept only where the server says
/// that it can be gone on with, or says nothing.
fn loses_the_place(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Command(answer) => {
            answer.code != CURSOR_NOT_FOUND && !error.contains_label(RESUMABLE_CHANGE_STREAM_ERROR)
        }
        ErrorKind::Bson(_) | ErrorKind::InvalidResponse { .. } => true,
        _ => false,
    }
}

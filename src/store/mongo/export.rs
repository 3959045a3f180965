//! Everything out of the database, as it was at one moment of the cluster's time.

use std::{sync::Arc, vec};

use async_trait::async_trait;
use mongodb::{
    ClientSession, Collection, SessionCursor,
    bson::{self, RawDocument, RawDocumentBuf, doc},
    error::{Error, ErrorKind},
    options::ReadConcern,
};
use serde::de::DeserializeOwned;
use tokio::{sync::OnceCell, time::timeout};

use crate::{
    domain::record::{Kind, Record},
    store::{BATCH, DEADLINE, Export, StoreError},
};

use super::{
    Connected,
    documents::{
        event::EventDocument, one_time::OneTimeDocument, session::SessionDocument,
        signing_key::SigningKeyDocument, user::UserDocument,
    },
    errors::{self, Cause},
};

/// The server has forgotten what it was like then.
const SNAPSHOT_TOO_OLD: i32 = 239;

pub(super) struct MongoExport {
    store: Arc<OnceCell<Connected>>,
    /// Its first read fixes the moment for all others.
    session: ClientSession,
    left: vec::IntoIter<Kind>,
    open: Option<(Kind, SessionCursor<RawDocumentBuf>)>,
}

impl MongoExport {
    pub(super) async fn begin(store: &Arc<OnceCell<Connected>>) -> Result<Self, StoreError> {
        let connected = store.get().ok_or_else(|| Cause::NotYet.unavailable())?;
        let session = connected.database.client().start_session().snapshot(true);
        let session = connected.calls.read(session).await?;
        Ok(Self { store: Arc::clone(store), session, left: Kind::ALL.to_vec().into_iter(), open: None })
    }

    async fn batch(&mut self) -> Result<Vec<Record>, StoreError> {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            match &mut self.open {
                Some((kind, cursor)) => match cursor.advance(&mut self.session).await {
                    Ok(true) => batch.push(read(*kind, cursor.current())?),
                    Ok(false) => self.open = None,
                    Err(error) => return Err(of_snapshot(&error)),
                },
                None => match self.left.next() {
                    Some(kind) => self.open(kind).await?,
                    None => break,
                },
            }
        }
        Ok(batch)
    }

    async fn open(&mut self, kind: Kind) -> Result<(), StoreError> {
        let store = self.store.get().ok_or_else(|| Cause::NotYet.unavailable())?;
        let all: Collection<RawDocumentBuf> = store.database.collection(kind.as_str());
        let found = all.find(doc! {}).sort(doc! { "_id": 1 }).read_concern(ReadConcern::snapshot());
        // Unless it is told otherwise a server sends 16 MiB at a time.
        let found = found.batch_size(u32::try_from(BATCH).unwrap_or(u32::MAX)).session(&mut self.session);
        let cursor = found.await.map_err(|error| of_snapshot(&error))?;
        self.open = Some((kind, cursor));
        Ok(())
    }
}

#[async_trait]
impl Export for MongoExport {
    async fn next(&mut self) -> Result<Vec<Record>, StoreError> {
        timeout(DEADLINE, self.batch()).await.unwrap_or_else(|_| Err(Cause::Late.unavailable()))
    }
}

fn read(kind: Kind, document: &RawDocument) -> Result<Record, StoreError> {
    Ok(match kind {
        Kind::Users => Record::User(parse::<UserDocument>(document)?.try_into()?),
        Kind::Sessions => Record::Session(parse::<SessionDocument>(document)?.try_into()?),
        Kind::OneTime => Record::OneTime(parse::<OneTimeDocument>(document)?.try_into()?),
        Kind::SigningKeys => Record::SigningKey(parse::<SigningKeyDocument>(document)?.try_into()?),
        Kind::Events => Record::Event(parse::<EventDocument>(document)?.try_into()?),
    })
}

fn parse<T: DeserializeOwned>(document: &RawDocument) -> Result<T, StoreError> {
    bson::deserialize_from_slice(document.as_bytes()).map_err(|error| errors::of_read(&error.into()))
}

fn of_snapshot(error: &Error) -> StoreError {
    match &*error.kind {
        ErrorKind::Command(answer) if answer.code == SNAPSHOT_TOO_OLD => Cause::TooLong.unavailable(),
        _ => errors::of_read(error),
    }
}

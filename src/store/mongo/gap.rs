//! What lies between the store as it is and the store this release needs.

use futures_util::{TryStreamExt, future::try_join_all};
use mongodb::{
    IndexModel,
    bson::{Document, doc},
    error::{Error, ErrorKind},
    options::{CommitQuorum, CreateCollectionOptions, ValidationAction, ValidationLevel},
};

use crate::store::MigrateError;

use super::{
    Connected,
    documents::{
        attempt::AttemptDocument, event::EventDocument, one_time::OneTimeDocument, outlet::OutletDocument,
        session::SessionDocument, settings::SettingsDocument, signing_key::SigningKeyDocument,
        user::UserDocument,
    },
    errors::Cause,
    indexes,
    migrations::{SCHEMA, unavailable},
    shape::validator,
};

const NAMESPACE_EXISTS: i32 = 48;
const DUPLICATE_KEY: i32 = 11000;
const INDEX_CONFLICTS: [i32; 3] = [67, 85, 86];

/// What is to be done, a collection at a time.
pub(super) struct Gap {
    described: bool,
    collections: Vec<Lacking>,
}

/// What a collection lacks.
struct Lacking {
    name: &'static str,
    /// `None` where it is there.
    create: Option<Document>,
    /// `None` where it is as it should be.
    validator: Option<Document>,
    indexes: Vec<IndexModel>,
}

impl Gap {
    pub(super) async fn find(store: &Connected) -> Result<Self, MigrateError> {
        let stored = store.stored_schema().await.map_err(unavailable)?;
        if let Some(newer) = stored.filter(|stored| stored.version > SCHEMA.version) {
            return Err(MigrateError::Refused(format!(
                "the store's schema has version {}, and this release knows {} at most: start a newer release",
                newer.version, SCHEMA.version
            )));
        }
        if stored.is_some_and(|stored| stored.step > SCHEMA.step) {
            return Ok(Self { described: true, collections: Vec::new() });
        }

        let present = store.database.list_collections();
        let present = store.calls.read(async { present.await?.try_collect::<Vec<_>>().await });
        let present = present.await.map_err(unavailable)?;
        let mut collections = Vec::new();
        for (name, validator) in validators()? {
            let options = present.iter().find(|other| other.name == name).map(|found| &found.options);
            collections.push(Lacking::find(store, name, validator, options).await?);
        }
        Ok(Self { described: stored == Some(SCHEMA), collections })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.described && self.collections.iter().all(Lacking::is_nothing)
    }

    pub(super) async fn close(&self, store: &Connected) -> Result<(), MigrateError> {
        try_join_all(self.collections.iter().map(|lacking| lacking.supply(store))).await?;
        if !self.described {
            remove_sessions_without_seed(store)
                .await
                .map_err(|e| MigrateError::Unavailable(Box::new(Cause::of(&e))))?;
        }
        Ok(())
    }
}

/// Those of before step 1: their users sign in again. The validator lets no more of them in by now.
async fn remove_sessions_without_seed(store: &Connected) -> Result<(), Error> {
    store.sessions.delete_many(doc! { "seed": null }).await?;
    Ok(())
}

fn validators() -> Result<[(&'static str, Document); 8], MigrateError> {
    let build = || {
        Ok([
            ("users", validator::<UserDocument>()?),
            ("sessions", validator::<SessionDocument>()?),
            ("one_time", validator::<OneTimeDocument>()?),
            ("attempts", validator::<AttemptDocument>()?),
            ("settings", validator::<SettingsDocument>()?),
            ("signing_keys", validator::<SigningKeyDocument>()?),
            ("events", validator::<EventDocument>()?),
            ("outlets", validator::<OutletDocument>()?),
        ])
    };
    build().map_err(|error: mongodb::bson::error::Error| MigrateError::Refused(error.to_string()))
}

impl Lacking {
    async fn find(
        store: &Connected,
        name: &'static str,
        validator: Document,
        present: Option<&CreateCollectionOptions>,
    ) -> Result<Self, MigrateError> {
        let Some(options) = present else {
            let indexes = indexes::missing(name, &[])?;
            return Ok(Self { name, create: Some(validator), validator: None, indexes });
        };
        let existing = store.indexes_of(name).await.map_err(unavailable)?.unwrap_or_default();
        let indexes = indexes::missing(name, &existing)?;
        let validator = (!is_in_force(&validator, options)).then_some(validator);
        Ok(Self { name, create: None, validator, indexes })
    }

    const fn is_nothing(&self) -> bool {
        self.create.is_none() && self.validator.is_none() && self.indexes.is_empty()
    }

    async fn supply(&self, store: &Connected) -> Result<(), MigrateError> {
        let database = &store.database;
        if let Some(validator) = &self.create {
            match database.create_collection(self.name).validator(validator.clone()).await {
                Err(error) if code(&error) != Some(NAMESPACE_EXISTS) => return Err(self.refuse(&error)),
                _ => {}
            }
        }
        if let Some(validator) = &self.validator {
            let change = doc! {
                "collMod": self.name,
                "validator": validator.clone(),
                "validationLevel": "strict",
                "validationAction": "error",
                "writeConcern": { "w": "majority", "j": true },
            };
            database.run_command(change).await.map_err(|error| self.refuse(&error))?;
        }
        if !self.indexes.is_empty() {
            let collection = database.collection::<Document>(self.name);
            // The default waits for every member, so that one that is away would keep us from starting.
            let build = collection.create_indexes(self.indexes.clone()).commit_quorum(CommitQuorum::Majority);
            build.await.map_err(|error| self.refuse(&error))?;
        }
        Ok(())
    }

    fn refuse(&self, error: &Error) -> MigrateError {
        let name = self.name;
        match code(error) {
            Some(DUPLICATE_KEY) => MigrateError::Refused(format!(
                "`{name}` holds documents that are equal in {}, of which there may be one each: remove the duplicates, then start again",
                self.unique_fields()
            )),
            Some(number) if INDEX_CONFLICTS.contains(&number) => MigrateError::Refused(format!(
                "an index of `{name}` stands where another is needed ({number}): drop it, then start again"
            )),
            _ => MigrateError::Unavailable(Box::new(Cause::of(error))),
        }
    }

    fn unique_fields(&self) -> String {
        let unique = |index: &&IndexModel| index.options.as_ref().is_some_and(|o| o.unique == Some(true));
        let keys = self.indexes.iter().filter(unique).flat_map(|index| index.keys.keys());
        keys.map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" or ")
    }
}

/// Whether exactly this validator is at work, and as a rule rather than as advice.
fn is_in_force(validator: &Document, options: &CreateCollectionOptions) -> bool {
    options.validator.as_ref() == Some(validator)
        && matches!(options.validation_level, None | Some(ValidationLevel::Strict))
        && matches!(options.validation_action, None | Some(ValidationAction::Error))
}

fn code(error: &Error) -> Option<i32> {
    match &*error.kind {
        ErrorKind::Command(answer) => Some(answer.code),
        _ => None,
    }
}

//! The contract, kept by MongoDB, and what only MongoDB promises.

use std::sync::Arc;

use async_trait::async_trait;
use mongodb::{Client, bson::doc};
use portcullis::{
    store::{Store, mongo::MongoStore},
    system::entropy::OsEntropy,
};

use super::contract::{Database, contract};
use crate::support::mongod::{self, ReplicaSet};

mod changes;
mod classification;
mod migrations;
mod outages;
mod plans;
mod shape;

contract!(contract, fresh);

/// A database of its own for one test.
struct MongoDatabase {
    set: &'static ReplicaSet,
    name: String,
}

async fn fresh() -> Option<MongoDatabase> {
    Some(MongoDatabase { set: mongod::shared().await?, name: mongod::database_name() })
}

impl MongoDatabase {
    /// Past the store, as a shell would.
    async fn raw(&self) -> mongodb::Database {
        self.client().await.database(&self.name)
    }

    async fn client(&self) -> Client {
        self.set.client().await
    }

    fn store(&self) -> MongoStore {
        MongoStore::open(&self.set.url(&self.name), Arc::new(OsEntropy)).unwrap()
    }
}

#[async_trait]
impl Database for MongoDatabase {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.store())
    }

    async fn set_schema_version(&self, version: u32) -> bool {
        let settings = self.raw().await.collection::<mongodb::bson::Document>("settings");
        let change = doc! { "$set": { "schema.version": i64::from(version) } };
        let done = settings.update_one(doc! { "_id": "store" }, change).await.unwrap();
        done.matched_count == 1
    }

    async fn remove(&self) {
        self.raw().await.drop().await.unwrap();
    }
}

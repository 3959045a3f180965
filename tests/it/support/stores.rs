//! One test for each store: the same behaviour is asked of the embedded one and of a real MongoDB.

/// Writes each of the named async functions, which take an `Arc<dyn Store>`, down as a test on each store.
macro_rules! on_both_stores {
    ($($case:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(crate::support::stores::sqlite()).await;
                }
            )+
        }

        mod on_mongodb {
            $(
                // The driver's own tasks go on while the test waits for the service to end.
                #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
                async fn $case() {
                    if let Some(store) = crate::support::stores::mongo().await {
                        super::$case(store).await;
                    }
                }
            )+
        }
    };
}
pub(crate) use on_both_stores;

use std::sync::Arc;

use portcullis::{
    store::{
        Store,
        mongo::MongoStore,
        sqlite::{Location, SqliteStore},
    },
    system::entropy::OsEntropy,
};

use super::{folder::Folder, mongod};

pub(crate) fn sqlite() -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(Location::Memory).unwrap())
}

/// The same database opened twice, as two replicas do; of each kind that there is here.
pub(crate) async fn two_of_one(folder: &Folder) -> Vec<[Arc<dyn Store>; 2]> {
    let file = folder.file("portcullis.db");
    let sqlite = || -> Arc<dyn Store> { Arc::new(SqliteStore::open(Location::File(file.clone())).unwrap()) };
    let mut all = vec![[sqlite(), sqlite()]];
    if let Some(set) = mongod::shared().await {
        let url = set.url(&mongod::database_name());
        let mongo = || -> Arc<dyn Store> { Arc::new(MongoStore::open(&url, Arc::new(OsEntropy)).unwrap()) };
        all.push([mongo(), mongo()]);
    }
    all
}

/// A database of its own; `None` where there is no MongoDB, which was said aloud.
pub(crate) async fn mongo() -> Option<Arc<dyn Store>> {
    let url = mongod::shared().await?.url(&mongod::database_name());
    Some(Arc::new(MongoStore::open(&url, Arc::new(OsEntropy)).unwrap()))
}

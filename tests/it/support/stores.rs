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
                #[tokio::test]
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

use portcullis::store::{Store, sqlite::SqliteStore};

pub(crate) fn sqlite() -> Arc<dyn Store> {
    Arc::new(SqliteStore::in_memory().unwrap())
}

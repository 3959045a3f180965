//! All that a store holds, taken out and looked at.

use portcullis::{domain::record::Record, store::Store};

/// All of it at once, for stores that are small.
pub(crate) async fn exported(store: &dyn Store) -> Vec<Record> {
    let mut export = store.export().await.unwrap();
    let mut all = Vec::new();
    loop {
        let batch = export.next().await.unwrap();
        if batch.is_empty() {
            return all;
        }
        all.extend(batch);
    }
}

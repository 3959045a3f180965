//! What was written down of somebody.

use std::sync::Arc;

use jiff::Timestamp;
use portcullis::{
    domain::{
        event::{Detail, Event, EventFilter, EventKind},
        id::{EventId, UserId},
    },
    store::Store,
};

/// All of a user's, the newest first, whether expired or not.
pub(crate) async fn events_of(store: &dyn Store, user: UserId) -> Vec<Event> {
    let wanted = EventFilter { user: Some(user), kind: None };
    store.events(&wanted, EventId::FIRST..EventId::LAST, 1_000, Timestamp::UNIX_EPOCH).await.unwrap()
}

/// What is said of each event of a kind, the newest first.
pub(crate) async fn details(store: &dyn Store, kind: EventKind) -> Vec<String> {
    let wanted = EventFilter { user: None, kind: Some(kind) };
    let all = EventId::FIRST..EventId::LAST;
    let events = store.events(&wanted, all, 1_000, Timestamp::UNIX_EPOCH).await.unwrap();
    let said = |event: &Event| event.detail.as_ref().map(Detail::as_str).unwrap_or_default().to_owned();
    events.iter().map(said).collect()
}

/// The same of a store that is opened for it.
pub(crate) async fn details_in(store: Arc<dyn Store>, kind: EventKind) -> Vec<String> {
    store.examine().await.unwrap();
    let details = details(&*store, kind).await;
    store.close().await;
    details
}

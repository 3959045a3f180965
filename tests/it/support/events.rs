//! What was written down of somebody.

use jiff::Timestamp;
use portcullis::{
    domain::{
        event::{Event, EventFilter},
        id::{EventId, UserId},
    },
    store::Store,
};

/// All of a user's, the newest first, whether expired or not.
pub(crate) async fn events_of(store: &dyn Store, user: UserId) -> Vec<Event> {
    let wanted = EventFilter { user: Some(user), kind: None };
    store.events(&wanted, EventId::FIRST..EventId::LAST, 1_000, Timestamp::UNIX_EPOCH).await.unwrap()
}

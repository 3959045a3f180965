//! What a store promises about tidying up: nothing that has not expired may go.

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::{domain::one_time::Purpose, store::Store};

use super::sessions::{assert_stored, signed_in};
use crate::support::people::People;

pub(crate) async fn what_has_not_expired_stays(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let record = people.one_time(Purpose::SecondFactor);
    store.add_one_time(&record).await.unwrap();

    let last_moment = record.expires_at - SignedDuration::from_millis(1);
    assert_eq!(store.purge(last_moment).await.unwrap(), 0);
    assert_stored(&*store, &session, &user).await;
    assert_eq!(
        store.consume_one_time(&record.digest, record.purpose, last_moment).await.unwrap(),
        Some(record)
    );
    assert_eq!(store.user(user.id()).await.unwrap(), Some(user));
}

pub(crate) async fn an_expired_session_is_kept_for_thirty_days(store: Arc<dyn Store>, people: &People) {
    let (user, session) = signed_in(&*store, people).await;
    let thirty_days_later = session.expires_at + SignedDuration::from_hours(30 * 24);
    assert_eq!(store.purge(thirty_days_later).await.unwrap(), 0);
    assert_stored(&*store, &session, &user).await;
}

/// For a store that does not tidy up by itself. Not among the cases of the contract: MongoDB does so when it likes.
pub(crate) async fn what_has_expired_goes_and_nothing_else(store: Arc<dyn Store>, people: &People) {
    let (user, old) = signed_in(&*store, people).await;
    let short = people.one_time(Purpose::SecondFactor);
    store.add_one_time(&short).await.unwrap();
    people.clock.advance(SignedDuration::from_millis(1));
    let young = people.session(&user);
    store.add_session(&young).await.unwrap();

    assert_eq!(store.purge(short.expires_at + SignedDuration::from_millis(1)).await.unwrap(), 1);
    assert_stored(&*store, &old, &user).await;

    let kept = SignedDuration::from_hours(30 * 24);
    assert_eq!(store.purge(young.expires_at + kept).await.unwrap(), 1);
    assert_eq!(store.session(&old.secret_digest).await.unwrap(), None);
    assert_stored(&*store, &young, &user).await;
    assert_eq!(store.purge(young.expires_at + kept).await.unwrap(), 0, "and it goes once");
}

//! What a store promises about records that can be used once.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use portcullis::{
    domain::one_time::{OneTime, Purpose},
    store::{Store, StoreError},
};

use crate::support::people::People;

pub(crate) async fn a_record_is_consumed_once_and_reads_back_exactly(store: Arc<dyn Store>, people: &People) {
    for purpose in Purpose::ALL {
        let record = people.one_time(purpose);
        store.add_one_time(&record).await.unwrap();
        let first = store.consume_one_time(&record.digest, purpose, people.now()).await.unwrap();
        assert_eq!(first.as_ref(), Some(&record));
        assert_eq!(store.consume_one_time(&record.digest, purpose, people.now()).await.unwrap(), None);
    }
}

pub(crate) async fn a_record_without_facts_reads_back_exactly(store: Arc<dyn Store>, people: &People) {
    let purpose = Purpose::PasskeyChallenge;
    let record = OneTime { facts: BTreeMap::new(), attempts_left: u32::MAX, ..people.one_time(purpose) };
    store.add_one_time(&record).await.unwrap();
    assert_eq!(store.consume_one_time(&record.digest, purpose, people.now()).await.unwrap(), Some(record));
}

pub(crate) async fn an_unknown_record_is_none(store: Arc<dyn Store>, people: &People) {
    store.add_one_time(&people.one_time(Purpose::SecondFactor)).await.unwrap();
    let unknown = people.secret().digest();
    let found = store.consume_one_time(&unknown, Purpose::SecondFactor, people.now()).await.unwrap();
    assert_eq!(found, None);
}

pub(crate) async fn a_record_serves_its_purpose_only(store: Arc<dyn Store>, people: &People) {
    let record = people.one_time(Purpose::SecondFactor);
    store.add_one_time(&record).await.unwrap();
    for other in [Purpose::PasskeyChallenge, Purpose::AuthorizationState] {
        assert_eq!(store.consume_one_time(&record.digest, other, people.now()).await.unwrap(), None);
    }
    let found = store.consume_one_time(&record.digest, record.purpose, people.now()).await.unwrap();
    assert_eq!(found, Some(record), "the wrong purpose did not spend it");
}

pub(crate) async fn a_record_expires_to_the_millisecond(store: Arc<dyn Store>, people: &People) {
    let purpose = Purpose::AuthorizationState;
    let record = people.one_time(purpose);
    store.add_one_time(&record).await.unwrap();
    for late in [record.expires_at, record.expires_at + SignedDuration::from_hours(1)] {
        assert_eq!(store.consume_one_time(&record.digest, purpose, late).await.unwrap(), None, "{late}");
    }
    let last_moment = record.expires_at - SignedDuration::from_millis(1);
    assert_eq!(store.consume_one_time(&record.digest, purpose, last_moment).await.unwrap(), Some(record));
}

pub(crate) async fn a_record_s_secret_is_taken_once(store: Arc<dyn Store>, people: &People) {
    let record = people.one_time(Purpose::SecondFactor);
    store.add_one_time(&record).await.unwrap();
    let double = OneTime { digest: record.digest, ..people.one_time(Purpose::PasskeyChallenge) };
    let second = store.add_one_time(&double).await;
    assert!(matches!(second, Err(StoreError::Taken)), "{second:?}");
    let found = store.consume_one_time(&record.digest, record.purpose, people.now()).await.unwrap();
    assert_eq!(found, Some(record));
}

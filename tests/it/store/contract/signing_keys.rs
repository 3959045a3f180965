//! What a store promises about the keys that sign.

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::{
    domain::{sealed::Sealed, signing_key::SigningKey},
    store::{Store, StoreError},
};

use super::races::{RACERS, race};
use crate::support::people::People;

pub(crate) async fn keys_read_back_exactly_and_by_their_number(store: Arc<dyn Store>, people: &People) {
    assert_eq!(store.signing_keys().await.unwrap(), []);
    let keys = [1, 2, 10].map(|number| key(number, people));
    for index in [2, 0, 1] {
        store.add_signing_key(&keys[index]).await.unwrap();
    }
    assert_eq!(store.signing_keys().await.unwrap(), keys);
}

pub(crate) async fn a_key_s_number_and_its_id_are_taken_once(store: Arc<dyn Store>, people: &People) {
    let first = key(1, people);
    store.add_signing_key(&first).await.unwrap();
    for double in [key(1, people), SigningKey { id: first.id, ..key(2, people) }] {
        let second = store.add_signing_key(&double).await;
        assert!(matches!(second, Err(StoreError::Taken)), "{second:?}");
    }
    assert_eq!(store.signing_keys().await.unwrap(), [first]);
}

pub(crate) async fn a_removed_key_is_gone_and_its_number_free(store: Arc<dyn Store>, people: &People) {
    let (first, second) = (key(1, people), key(2, people));
    store.add_signing_key(&first).await.unwrap();
    store.add_signing_key(&second).await.unwrap();
    store.remove_signing_key(first.id).await.unwrap();
    store.remove_signing_key(first.id).await.unwrap();
    assert_eq!(store.signing_keys().await.unwrap(), std::slice::from_ref(&second));
    let third = key(1, people);
    store.add_signing_key(&third).await.unwrap();
    assert_eq!(store.signing_keys().await.unwrap(), [third, second]);
}

pub(crate) async fn of_fifty_who_add_a_number_one_does(store: Arc<dyn Store>, people: &People) {
    store.add_signing_key(&key(1, people)).await.unwrap();
    let answers = race((0..RACERS).map(|_| key(2, people)), |key| {
        let store = Arc::clone(&store);
        async move { (store.add_signing_key(&key).await, key) }
    })
    .await;
    let taken = answers.iter().filter(|(answer, _)| matches!(answer, Err(StoreError::Taken))).count();
    let winners: Vec<_> = answers.iter().filter(|(answer, _)| answer.is_ok()).collect();
    assert_eq!((winners.len(), taken), (1, RACERS - 1));
    assert_eq!(store.signing_keys().await.unwrap().get(1), Some(&winners[0].1));
}

pub(crate) fn key(number: u64, people: &People) -> SigningKey {
    SigningKey {
        id: people.key_id(),
        number,
        public: [[4; 33].as_slice(), &[0; 32]].concat(),
        private: Sealed::from_bytes((0..=255).collect()),
        created_at: people.now(),
        not_before: people.now() + SignedDuration::from_mins(15),
    }
}

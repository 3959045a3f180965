//! Rotate the signing keys before it is due: the next key is made now, and signs once everybody can know it.

use crate::domain::{
    event::{Actor, Reason},
    signing_key::{SigningKey, State, states, successor},
};

use super::{
    Failure,
    key_ring::KeyRing,
    list_keys::Listed,
    load_keys::{UnusableKey, load_keys, make},
};

/// Where a next key waits for its time already, that is the one: asking twice, or at the same time, makes one key.
/// Whoever cannot open the present keys makes none, because nobody else could open that one.
pub async fn rotate_keys(ring: &KeyRing) -> Result<Listed, Failure<UnusableKey>> {
    load_keys(ring).await?;
    for _ in 0..2 {
        let mut keys = ring.store.signing_keys().await?;
        let now = ring.clock.now();
        if states(&keys, now, ring.times).last() == Some(&State::Next) {
            return keys.pop().map(next).ok_or(Failure::Raced);
        }
        match make(ring, successor(&keys, now, ring.times), Actor::Operator, Reason::Asked).await {
            Err(Failure::Raced) => {}
            made => return made.map(next),
        }
    }
    Err(Failure::Raced)
}

const fn next(key: SigningKey) -> Listed {
    Listed { key, state: State::Next }
}

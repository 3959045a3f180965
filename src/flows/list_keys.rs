//! List the signing keys, and what each of them is at this moment.

use std::convert::Infallible;

use crate::domain::signing_key::{SigningKey, State, states};

use super::{Failure, key_ring::KeyRing};

pub struct Listed {
    pub key: SigningKey,
    pub state: State,
}

/// As the store has them, in the order of their numbers.
pub async fn list_keys(ring: &KeyRing) -> Result<Vec<Listed>, Failure<Infallible>> {
    let keys = ring.store.signing_keys().await?;
    let states = states(&keys, ring.clock.now(), ring.times);
    Ok(keys.into_iter().zip(states).map(|(key, state)| Listed { key, state }).collect())
}

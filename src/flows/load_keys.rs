//! Load the signing keys: make the next one when it is due, remove those that are spent, and hold the rest in memory.

use crate::{
    domain::{
        event::{Actor, Detail, EventKind, Happening, Reason},
        id::KeyId,
        signing_key::{SigningKey, Successor, plan},
    },
    store::StoreError,
    system::jwt::NewKey,
};

use super::{
    Failure,
    key_ring::{KeyRing, Unusable, label},
};

/// Why nothing can be signed until a person has acted.
#[derive(Debug, thiserror::Error)]
#[error("the signing key {key} is of no use: {why}; give the key secret that it was sealed with")]
pub struct UnusableKey {
    pub key: KeyId,
    #[source]
    pub why: Unusable,
}

/// Who is told so often that somebody else was quicker comes back later.
const ATTEMPTS: u32 = 5;

/// Safe to repeat, also for several replicas at once: the number of a key is unique, so only one of them makes it.
pub async fn load_keys(ring: &KeyRing) -> Result<(), Failure<UnusableKey>> {
    for _ in 0..ATTEMPTS {
        let keys = ring.store.signing_keys().await?;
        let now = ring.clock.now();
        let plan = plan(&keys, now, ring.times);
        if let Some(successor) = plan.make {
            match make(ring, successor, Actor::Service, Reason::Due).await {
                Ok(key) => tracing::info!(key = %key.id, not_before = %key.not_before, "made a signing key"),
                Err(Failure::Raced) => {}
                Err(failure) => return Err(failure),
            }
            continue;
        }
        for spent in plan.remove {
            ring.store.remove_signing_key(spent).await?;
            tracing::info!(key = %spent, "removed a signing key that signed no token which still holds");
        }
        let held = ring.hold(keys, now);
        return held.map_err(|(key, why)| Failure::Refused(UnusableKey { key, why }));
    }
    Err(Failure::Raced)
}

/// `Raced` when somebody else made the key of that number first.
pub(super) async fn make<R>(
    ring: &KeyRing,
    successor: Successor,
    by: Actor,
    why: Reason,
) -> Result<SigningKey, Failure<R>> {
    let now = ring.clock.now();
    let id = KeyId::new(now, &*ring.entropy)?;
    let NewKey { private, public } = NewKey::generate()?;
    let private = ring.vault.seal(&private, label(id), &*ring.entropy)?;
    let Successor { number, not_before } = successor;
    let key = SigningKey { id, number, public, private, created_at: now, not_before };
    match ring.store.add_signing_key(&key).await {
        Err(StoreError::Taken) => Err(Failure::Raced),
        added => {
            added?;
            let rotated = Happening::by(by, EventKind::SigningKeyRotated).because(why);
            ring.pen().did(rotated.in_detail(Detail::of(id))).await?;
            Ok(key)
        }
    }
}

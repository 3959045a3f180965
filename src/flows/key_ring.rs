//! The signing keys in memory: what signs now, and all that has signed tokens which still hold.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;

use crate::{
    domain::{
        access_token::{AccessToken, Claims},
        clock::{Clock, Entropy},
        id::KeyId,
        signing_key::{KeyTimes, SigningKey, State, states},
    },
    store::Store,
    system::{
        jwt::{JwtError, Reader, Signer},
        vault::{Label, Vault, VaultError},
    },
};

use super::journal::Pen;

/// Empty until it is loaded.
pub struct KeyRing {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) vault: Arc<Vault>,
    pub(super) times: KeyTimes,
    /// Locked for as long as it takes to copy a pointer.
    held: RwLock<Arc<Held>>,
}

#[derive(Default)]
struct Held {
    keys: Vec<SigningKey>,
    /// Of each key, what it takes to use it.
    uses: Vec<Use>,
}

struct Use {
    reader: Reader,
    /// Left out where it never signs again, and where it cannot be opened and does not sign yet.
    signer: Option<Signer>,
}

/// From when until when one key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub since: Timestamp,
    pub until: Timestamp,
}

/// Why a key is of no use to us.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error(transparent)]
    Sealed(#[from] VaultError),
    #[error(transparent)]
    Spoilt(#[from] JwtError),
}

impl KeyRing {
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        vault: Arc<Vault>,
    ) -> Self {
        Self { store, clock, entropy, vault, times: KeyTimes::USUAL, held: RwLock::default() }
    }

    pub(super) fn pen(&self) -> Pen<'_> {
        Pen { store: &*self.store, clock: &*self.clock, entropy: &*self.entropy, vault: &self.vault }
    }

    /// What seals the keys seals what else is secret at rest.
    pub fn vault(&self) -> Arc<Vault> {
        Arc::clone(&self.vault)
    }

    /// What others need to recognise tokens: the keys that signed, sign, and are about to.
    pub fn published(&self) -> Vec<SigningKey> {
        let (held, states) = self.now();
        let wanted = held.keys.iter().zip(states).filter(|(_, state)| *state != State::Spent);
        wanted.map(|(key, _)| key.clone()).collect()
    }

    /// Since when the present key signs, and when another one will.
    pub fn turn(&self) -> Option<Turn> {
        let (held, states) = self.now();
        let active = states.iter().position(|state| *state == State::Active)?;
        let since = held.keys.get(active)?.not_before;
        let next = held.keys.get(active + 1).map(|next| next.not_before);
        Some(Turn { since, until: next.unwrap_or_else(|| since + self.times.active) })
    }

    pub(super) fn sign(&self, claims: &Claims) -> Result<AccessToken, JwtError> {
        let (held, states) = self.now();
        let mut active = held.uses.iter().zip(states).filter(|(_, state)| *state == State::Active);
        let signer = active.next().and_then(|(of, _)| of.signer.as_ref());
        signer.ok_or(JwtError::NotSigned)?.sign(claims)
    }

    /// What one of the keys has signed, whether or not it holds.
    pub(super) fn read(&self, token: &str) -> Result<Claims, JwtError> {
        let held = self.held();
        let reader = held.uses.iter().map(|of| &of.reader).find(|reader| reader.is_meant_by(token));
        reader.ok_or(JwtError::NotOurs)?.read(token)
    }

    /// Takes these keys in the place of the present ones, or says which is of no use.
    pub(super) fn hold(&self, keys: Vec<SigningKey>, now: Timestamp) -> Result<(), (KeyId, Unusable)> {
        let uses = keys.iter().zip(states(&keys, now, self.times));
        let uses = uses.map(|(key, state)| self.prepare(key, state).map_err(|why| (key.id, why)));
        let uses = uses.collect::<Result<_, _>>()?;
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Held { keys, uses });
        Ok(())
    }

    fn prepare(&self, key: &SigningKey, state: State) -> Result<Use, Unusable> {
        let reader = Reader::new(key.id, &key.public)?;
        let signer = match state {
            State::Active => Some(self.signer(key)?),
            // Its tokens can be recognised all the same, and others may sign with it.
            State::Next => self
                .signer(key)
                .inspect_err(
                    |cause| tracing::error!(key = %key.id, %cause, "the next signing key is of no use to us"),
                )
                .ok(),
            State::Retired | State::Spent => None,
        };
        Ok(Use { reader, signer })
    }

    fn signer(&self, key: &SigningKey) -> Result<Signer, Unusable> {
        let private = self.vault.open(&key.private, label(key.id))?;
        Ok(Signer::new(key.id, &private)?)
    }

    fn now(&self) -> (Arc<Held>, Vec<State>) {
        let held = self.held();
        let states = states(&held.keys, self.clock.now(), self.times);
        (held, states)
    }

    fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is sealed as one key opens for no other.
pub(super) fn label(key: KeyId) -> Label {
    Label { what: "signing key", of: key.as_uuid() }
}

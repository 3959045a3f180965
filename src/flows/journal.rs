//! Journal: what matters for security is written down before anybody is told of it.

use jiff::SignedDuration;
use tokio::sync::Notify;

use crate::{
    domain::{
        clock::{Clock, Entropy, random},
        email::Email,
        event::{Event, Happening},
        id::EventId,
        secret::SecretDigest,
    },
    store::{Store, StoreError},
    system::vault::Vault,
};

use super::{Failure, Services, admit_administrator::Refused, feed::Feed};

/// What is done with events once they are written.
pub struct Journal {
    /// How long they are kept.
    pub retention: SignedDuration,
    /// Rung when one was written, so that it need not wait for the next look.
    pub bell: Notify,
    pub feed: Feed,
    pub refused: Refused,
}

/// What it takes to write something down.
#[derive(Clone, Copy)]
pub struct Pen<'a> {
    pub store: &'a dyn Store,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    /// Has the key secret of the service, or what is written will not be sealed.
    pub vault: &'a Vault,
}

impl Journal {
    pub fn new(retention: SignedDuration) -> Self {
        Self { retention, bell: Notify::new(), feed: Feed::default(), refused: Refused::default() }
    }
}

impl Pen<'_> {
    /// What has been done by now: a failure may no longer claim that nothing happened.
    pub(super) async fn did<R>(&self, happening: Happening) -> Result<(), Failure<R>> {
        match self.write(happening).await {
            Err(Failure::Unavailable(source)) => Err(Failure::OutcomeUnknown(source)),
            written => written,
        }
    }

    /// What changed nothing: there is no outcome that anybody could ask for.
    pub(super) async fn noted<R>(&self, happening: Happening) -> Result<(), Failure<R>> {
        match self.write(happening).await {
            Err(Failure::OutcomeUnknown(source)) => Err(Failure::Unavailable(source)),
            written => written,
        }
    }

    async fn write<R>(&self, happening: Happening) -> Result<(), Failure<R>> {
        let now = self.clock.now();
        let (id, salt) = (EventId::new(now, self.entropy)?, random(self.entropy)?);
        let event = Event::of(happening, id, salt, now).stamped(|said| self.vault.stamp(said));
        match self.store.add_event(&event).await {
            // Its id is new, so that it can only be itself.
            Err(StoreError::Taken) => Ok(()),
            written => Ok(written?),
        }
    }
}

impl Services {
    pub(super) fn pen(&self) -> Pen<'_> {
        Pen { store: &*self.store, clock: &*self.clock, entropy: &*self.entropy, vault: &self.vault }
    }

    pub(super) async fn did<R>(&self, happening: Happening) -> Result<(), Failure<R>> {
        let written = self.pen().did(happening).await;
        self.journal.bell.notify_one();
        written
    }

    pub(super) async fn noted<R>(&self, happening: Happening) -> Result<(), Failure<R>> {
        let written = self.pen().noted(happening).await;
        self.journal.bell.notify_one();
        written
    }

    pub(super) fn subject(&self, email: &Email) -> SecretDigest {
        subject(&self.vault, email)
    }
}

/// The name of an address that is nobody's: the same whenever it is typed, and it tells nothing of it.
pub(super) fn subject(vault: &Vault, email: &Email) -> SecretDigest {
    vault.fingerprint("an address in an event", email.canonical())
}

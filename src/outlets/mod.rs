//! How security events go out: what is handed over, and the ways there are.

mod cloud_event;
pub mod nats;
pub mod webhook;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::{event::EventKind, finding::Finding, id::EventId};

/// At once, whatever the way.
pub const MOST: usize = 64;

/// No batch takes longer, whether it is taken or not: less than others wait for whoever has taken it up.
pub const DEADLINE: Duration = Duration::from_secs(15);

/// What a look at a way is called among all that is looked at.
pub const CHECK: &str = "outlets";

/// An event as it is told to others.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// By which whoever gets it twice knows it again.
    pub id: EventId,
    pub kind: EventKind,
    /// A `CloudEvent` in JSON.
    pub body: String,
}

/// A way out.
#[async_trait]
pub trait Way: Send + Sync {
    /// Hands over at most [`MOST`], the first first.
    async fn hand_over(&self, parcels: &[Parcel], now: Timestamp) -> Handed;

    /// Whether anything would be taken, as far as that can be known without handing anything over. It ends within the limit.
    async fn look(&self, limit: Duration) -> Vec<Finding>;
}

/// What became of parcels.
#[derive(Debug, Default)]
pub struct Handed {
    /// So many of the first will not be lost any more; of those behind, some may have arrived.
    pub taken: usize,
    /// Why the one after these was not taken. Without it either all were, or there was no time for the others.
    pub trouble: Option<NotTaken>,
    /// Whether any behind the one that was not taken was taken: then what is wrong is with that one.
    pub later: bool,
    /// How many right behind that one were taken.
    pub next: usize,
    /// Whether another one behind it was not.
    is_broken: bool,
}

impl Handed {
    /// What became of the next one, in their order.
    pub fn note(&mut self, outcome: Result<(), NotTaken>) {
        match outcome {
            Ok(()) if self.trouble.is_some() => {
                self.later = true;
                self.next += usize::from(!self.is_broken);
            }
            Ok(()) => self.taken += 1,
            Err(_) if self.trouble.is_some() => self.is_broken = true,
            Err(trouble) => self.trouble = Some(trouble),
        }
    }
}

/// Why something was not taken. What they say holds no secret and no address but the receiver's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Nothing would be: nobody is there, or they ask to wait.
    #[error("{0}")]
    NotNow(String),
    /// They were asked, and do not want this one.
    #[error("{0}")]
    NotThisOne(String),
}

//! Verify events: the chain is walked from its oldest link to its end, and what somebody did to it is told.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::{
    domain::{
        clock::Clock,
        event::{ChainDigest, Event, Fault, Head, Walk},
        id::{EventId, UserId},
    },
    store::{BATCH, Store, StoreError},
    system::vault::Vault,
};

use super::seal_events::is_ours;

pub use crate::domain::event::Noted;

/// So many are told one by one; the rest is counted.
const MOST: usize = 100;

/// An event is sealed within a second or so, while there is anybody to seal it.
const PATIENCE: SignedDuration = SignedDuration::from_mins(1);

/// What came of it.
#[derive(Debug, Default)]
pub struct Verdict {
    pub walk: Walk,
    pub wrong: Vec<Wrong>,
    /// What is wrong besides.
    pub more: u64,
    /// Waiting for their place, as those of the last moment do.
    pub unsealed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Chain(Fault),
    /// It tells nothing of its user, who has not been erased.
    Forgotten {
        position: u64,
        user: Option<UserId>,
    },
    /// The head that was noted is not in the chain.
    Gone(Noted),
    Unsealed {
        event: EventId,
        since: Timestamp,
    },
    /// It waits, and nobody of ours wrote it so.
    Forged(EventId),
}

/// In batches, so that it takes the same memory for any chain. `progress` hears how many there were.
pub async fn verify_events(
    store: &dyn Store,
    clock: &dyn Clock,
    vault: &Vault,
    noted: Option<Noted>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Verdict, StoreError> {
    let mut verdict = Verdict::default();
    let mut found = None;
    loop {
        let from = verdict.walk.last.map_or(0, |last| last.position + 1);
        let (most, now) = (u32::try_from(BATCH).unwrap_or(u32::MAX), clock.now());
        let events = store.sealed_events(None, from..u64::MAX, most, now).await?;
        if events.is_empty() {
            break;
        }
        for event in &events {
            let is_ours = |link: &[u8], digest: &[u8; 32]| vault.has_sealed_link(link, digest);
            let faults = verdict.walk.step(event, now, is_ours);
            for fault in faults {
                verdict.add(Wrong::Chain(fault));
            }
            verdict.look_for_its_user(store, event).await?;
            found = found.or_else(|| digest_at(event, noted));
        }
        progress(verdict.walk.checked);
    }
    verdict.compare(noted, found, clock.now());
    verdict.look_at_the_unsealed(store, vault, clock.now()).await?;
    Ok(verdict)
}

fn digest_at(event: &Event, noted: Option<Noted>) -> Option<ChainDigest> {
    let noted = noted?;
    event.link.filter(|link| link.position == noted.position).map(|link| link.digest)
}

impl Verdict {
    pub const fn is_whole(&self) -> bool {
        self.wrong.is_empty()
    }

    fn add(&mut self, wrong: Wrong) {
        if self.wrong.len() < MOST {
            self.wrong.push(wrong);
        } else {
            self.more += 1;
        }
    }

    /// Only erasing somebody forgets where they came from.
    async fn look_for_its_user(&mut self, store: &dyn Store, event: &Event) -> Result<(), StoreError> {
        let Some(link) = event.link.filter(|_| event.particulars.is_none()) else { return Ok(()) };
        let is_gone = match event.user_id {
            Some(user) => store.user(user).await?.is_none_or(|user| user.is_leaving()),
            None => false,
        };
        if !is_gone {
            self.add(Wrong::Forgotten { position: link.position, user: event.user_id });
        }
        Ok(())
    }

    /// One that is older than the oldest link has expired, or what followed it is told as missing.
    fn compare(&mut self, noted: Option<Noted>, found: Option<ChainDigest>, now: Timestamp) {
        let Some(noted) = noted else { return };
        let is_older = self.walk.first.is_some_and(|first| noted.position < first);
        let is_over = noted.expires_at.is_some_and(|end| end <= now);
        if found != Some(noted.digest) && !is_older && !is_over {
            self.add(Wrong::Gone(noted));
        }
    }

    async fn look_at_the_unsealed(
        &mut self,
        store: &dyn Store,
        vault: &Vault,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (mut after, head) = (EventId::FIRST, self.walk.last.unwrap_or(Head::NONE));
        loop {
            let unsealed = store.unsealed_events(after, u32::try_from(BATCH).unwrap_or(u32::MAX)).await?;
            let Some(last) = unsealed.last() else { return Ok(()) };
            after = last.id;
            for event in &unsealed {
                self.unsealed += 1;
                if !is_ours(store, vault, &head, event, now).await? {
                    self.add(Wrong::Forged(event.id));
                } else if event.at + PATIENCE < now {
                    self.add(Wrong::Unsealed { event: event.id, since: event.at });
                }
            }
        }
    }
}

impl Wrong {
    /// For programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Chain(Fault::Altered { .. }) => "altered",
            Self::Chain(Fault::Detached { .. }) => "detached",
            Self::Chain(Fault::Missing { .. }) => "missing",
            Self::Forgotten { .. } => "forgotten",
            Self::Gone(_) => "head_gone",
            Self::Unsealed { .. } => "unsealed",
            Self::Forged(_) => "forged",
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(fault) => fault.fmt(f),
            Self::Forgotten { position, .. } => {
                write!(f, "{position} tells no more of its user, who was not erased")
            }
            Self::Gone(noted) => write!(f, "the head {noted} is not in the chain"),
            Self::Unsealed { event, since } => {
                write!(f, "the event {event} has waited for its seal since {since}: does the service run?")
            }
            Self::Forged(event) => {
                write!(
                    f,
                    "the event {event} was put there, or edited before it was sealed: nobody of ours wrote it so"
                )
            }
        }
    }
}

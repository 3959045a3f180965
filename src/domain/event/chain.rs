//! The chain: each event is sealed together with the seal of the one before, so that what is taken out, put in or edited shows.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};

use super::{Event, bytes::Bytes};
use crate::domain::hex::{hex, unhex};

/// What an event is sealed with: of the event, its place, and the seal before. It is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainDigest([u8; 32]);

/// An event's place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// 1, 2, 3 and so on, over all days.
    pub position: u64,
    pub previous: ChainDigest,
    /// When the one before may go: whoever finds it gone knows by this whether it went by itself.
    pub previous_expires_at: Timestamp,
    /// Never before the one before goes, so that only the beginning of the chain is ever gone.
    pub expires_at: Timestamp,
    pub digest: ChainDigest,
}

/// The latest link, to which the next one is tied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub position: u64,
    pub digest: ChainDigest,
    pub expires_at: Timestamp,
}

/// A head that somebody wrote down where nobody who is at the store can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    pub position: u64,
    pub digest: ChainDigest,
    /// From when on nobody need find it any more; `None` where that was not noted.
    pub expires_at: Option<Timestamp>,
}

/// Not `POSITION:DIGEST:EXPIRES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position, 64 hexadecimal digits and a moment, with colons between")]
pub struct NotAHead;

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The seal is none of ours on what the event says: it was edited, moved, or put there.
    Altered { position: u64 },
    /// It is sealed, and does not follow the one before it.
    Detached { position: u64 },
    /// These are not there, and cannot have expired.
    Missing { from: u64, to: u64 },
}

/// Follows a chain from its oldest link.
#[derive(Debug, Default)]
pub struct Walk {
    pub first: Option<u64>,
    pub last: Option<Head>,
    pub checked: u64,
    /// Those that tell no more of a person.
    pub forgotten: u64,
}

impl Head {
    pub const fn noted(&self) -> Noted {
        Noted { position: self.position, digest: self.digest, expires_at: Some(self.expires_at) }
    }

    /// Of a chain that has no link yet.
    pub const NONE: Self =
        Self { position: 0, digest: ChainDigest([0; 32]), expires_at: Timestamp::UNIX_EPOCH };

    /// The place of the next event.
    pub fn next(&self, event: &Event, retention: SignedDuration, seal: impl Fn(&[u8]) -> [u8; 32]) -> Link {
        let unsealed = Link {
            position: self.position + 1,
            previous: self.digest,
            previous_expires_at: self.expires_at,
            expires_at: event.at.checked_add(retention).unwrap_or(Timestamp::MAX).max(self.expires_at),
            digest: ChainDigest([0; 32]),
        };
        Link { digest: ChainDigest(seal(&unsealed.bytes(event))), ..unsealed }
    }
}

impl Link {
    pub fn follows(&self, head: &Head) -> bool {
        self.position == head.position + 1 && self.previous == head.digest
    }

    pub const fn head(&self) -> Head {
        Head { position: self.position, digest: self.digest, expires_at: self.expires_at }
    }

    /// What is sealed: the link, and what the event says.
    pub fn bytes(&self, event: &Event) -> Vec<u8> {
        let mut bytes = Bytes::new("portcullis event 1");
        bytes.put(self.previous.0);
        bytes.put(self.previous_expires_at.as_millisecond().to_be_bytes());
        bytes.put(self.position.to_be_bytes());
        bytes.put(self.expires_at.as_millisecond().to_be_bytes());
        event.put_into(&mut bytes);
        bytes.as_slice().to_vec()
    }
}

impl Walk {
    /// The next link that is there. `is_ours` says whether a seal is ours on these bytes.
    pub fn step(
        &mut self,
        event: &Event,
        now: Timestamp,
        is_ours: impl Fn(&[u8], &[u8; 32]) -> bool,
    ) -> Vec<Fault> {
        let Some(link) = event.link else { return Vec::new() };
        let mut faults = Vec::new();
        faults.extend(self.gap(&link, now));
        if !event.keeps_its_commitment() || !is_ours(&link.bytes(event), &link.digest.0) {
            faults.push(Fault::Altered { position: link.position });
        } else if !self.is_followed_by(&link) {
            faults.push(Fault::Detached { position: link.position });
        }
        self.first.get_or_insert(link.position);
        self.last = Some(link.head());
        self.checked += 1;
        self.forgotten += u64::from(event.particulars.is_none());
        faults
    }

    /// Those between the last one and this, unless they may have gone: none goes before those before it.
    fn gap(&self, link: &Link, now: Timestamp) -> Option<Fault> {
        let from = self.last.map_or(1, |last| last.position + 1);
        let is_gap = from < link.position && link.previous_expires_at > now;
        is_gap.then(|| Fault::Missing { from, to: link.position - 1 })
    }

    fn is_followed_by(&self, link: &Link) -> bool {
        let last = self.last.unwrap_or(Head::NONE);
        last.position + 1 != link.position
            || (last.digest == link.previous && last.expires_at == link.previous_expires_at)
    }
}

impl ChainDigest {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ChainDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// As it was noted; the moment may be left out.
impl FromStr for Noted {
    type Err = NotAHead;

    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let mut parts = text.splitn(3, ':');
        let position = parts.next().and_then(|position| position.parse().ok()).ok_or(NotAHead)?;
        let digest = parts.next().and_then(unhex).and_then(|bytes| bytes.try_into().ok()).ok_or(NotAHead)?;
        let expires_at = parts.next().map(|moment| moment.parse().map_err(|_| NotAHead)).transpose()?;
        Ok(Self { position, digest: ChainDigest(digest), expires_at })
    }
}

impl fmt::Display for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, self.digest)?;
        self.expires_at.map_or(Ok(()), |moment| write!(f, ":{moment}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { position } => {
                write!(
                    f,
                    "{position} was edited, moved or put there: its seal is none of ours on what it says"
                )
            }
            Self::Detached { position } => write!(f, "{position} does not follow the one before it"),
            Self::Missing { from, to } if from == to => write!(f, "{from} is missing"),
            Self::Missing { from, to } => write!(f, "{from} to {to} are missing"),
        }
    }
}

#[cfg(test)]
mod tests;

//! What happened that matters for security, as it is remembered.

use std::net::IpAddr;

use jiff::Timestamp;

use super::id::{EventId, SessionId, UserId};

/// Who, what, and from where; never a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub kind: EventKind,
    pub user_id: UserId,
    pub session_id: Option<SessionId>,
    pub ip: Option<IpAddr>,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A secret that had been replaced was used again, and its session ended.
    RefreshReuse,
}

impl EventKind {
    pub const ALL: [Self; 1] = [Self::RefreshReuse];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RefreshReuse => "refresh_reuse",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

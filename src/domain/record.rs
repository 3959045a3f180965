//! One of everything that a store holds, for verbs that take all of it: backing up, restoring, moving.

use jiff::Timestamp;

use super::{event::Event, one_time::OneTime, session::Session, signing_key::SigningKey, user::User};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    User(User),
    Session(Session),
    OneTime(OneTime),
    SigningKey(SigningKey),
    Event(Event),
}

/// What a record is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Users,
    Sessions,
    OneTime,
    SigningKeys,
    Events,
}

impl Kind {
    /// In the order in which a store tells what it holds.
    pub const ALL: [Self; 5] = [Self::Users, Self::Sessions, Self::OneTime, Self::SigningKeys, Self::Events];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Sessions => "sessions",
            Self::OneTime => "one_time",
            Self::SigningKeys => "signing_keys",
            Self::Events => "events",
        }
    }
}

impl Record {
    pub const fn kind(&self) -> Kind {
        match self {
            Self::User(_) => Kind::Users,
            Self::Session(_) => Kind::Sessions,
            Self::OneTime(_) => Kind::OneTime,
            Self::SigningKey(_) => Kind::SigningKeys,
            Self::Event(_) => Kind::Events,
        }
    }

    /// As it comes back from a backup. What was ended or used up since then must not hold again, and nobody can know
    /// what that was: so no session holds any more, by the epoch of its user, and what is used once is left out, as is mail that waited. So is
    /// a session or an event that has expired, which a store may remove at any moment.
    pub fn revived(self, now: Timestamp) -> Option<Self> {
        match self {
            Self::User(user) => Some(Self::User(user.revive(now).written())),
            Self::Session(session) => (now < session.expires_at).then_some(Self::Session(session)),
            Self::OneTime(_) => None,
            Self::Event(event) => (!event.is_gone(now)).then_some(Self::Event(event)),
            kept @ Self::SigningKey(_) => Some(kept),
        }
    }
}

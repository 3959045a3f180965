//! What an account goes through: disabled, with other roles, left and come back to.

use jiff::{SignedDuration, Timestamp};

use super::{Role, Status, User, UserAttrs};

/// How long somebody who leaves can come back.
pub const GRACE: SignedDuration = SignedDuration::from_hours(14 * 24);

impl User {
    /// May not be used from now on; its sessions end by the epoch.
    #[must_use]
    pub fn disable(self, now: Timestamp) -> Self {
        let status = Status::Disabled { since: now };
        Self(UserAttrs { status, ..self.0 }).end_sessions(None, now)
    }

    /// May be used again; who was signed in before is not any more.
    #[must_use]
    pub fn enable(self, now: Timestamp) -> Self {
        Self(UserAttrs { status: Status::Active, updated_at: now, ..self.0 })
    }

    /// With these roles and no others.
    #[must_use]
    pub fn with_roles(self, roles: Vec<Role>, now: Timestamp) -> Self {
        Self(UserAttrs { roles, updated_at: now, ..self.0 })
    }

    /// Is to be erased once the grace is over; who is signed in is not any more.
    #[must_use]
    pub fn leave(self, now: Timestamp) -> Self {
        Self(UserAttrs { erase_at: Some(now + GRACE), ..self.0 }).end_sessions(None, now)
    }

    /// Is to be erased now.
    #[must_use]
    pub fn leave_at_once(self, now: Timestamp) -> Self {
        Self(UserAttrs { erase_at: Some(now), ..self.0 }).end_sessions(None, now)
    }

    /// Stays after all.
    #[must_use]
    pub fn come_back(self, now: Timestamp) -> Self {
        Self(UserAttrs { erase_at: None, updated_at: now, ..self.0 })
    }

    pub const fn is_leaving(&self) -> bool {
        self.0.erase_at.is_some()
    }

    /// Whether the grace is over.
    pub fn is_gone(&self, now: Timestamp) -> bool {
        self.0.erase_at.is_some_and(|at| at <= now)
    }
}

//! A person with an account.

mod life;
mod mailbox;
mod role;

use jiff::Timestamp;

pub use role::{InvalidRole, Role};

use super::{
    challenge::{Challenges, Purpose},
    email::Email,
    id::{SessionId, UserId},
    letter::Outbox,
    stored_hash::StoredHash,
};

/// A user, made by [`User::build`] and in no other way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User(UserAttrs);

/// What a user is made of: parsed types only, so that nothing of a request can slip in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAttrs {
    pub id: UserId,
    pub email: Email,
    pub email_verified_at: Option<Timestamp>,
    pub password: Password,
    pub roles: Vec<Role>,
    pub status: Status,
    /// When they are to be erased, because they asked for it; signing in takes that back.
    pub erase_at: Option<Timestamp>,
    /// What they are asked to prove through a mailbox.
    pub challenges: Challenges,
    /// What is to be mailed to them.
    pub outbox: Outbox,
    /// Raised to end every session at once: a session holds only while it carries the present one.
    pub epoch: u64,
    /// The one session of an earlier epoch that holds all the same: where its user ended all others from.
    pub kept: Option<SessionId>,
    /// Raised by every write: a change made to an older one is stale.
    pub revision: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The hash somebody signs in with, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password {
    pub hash: StoredHash,
    pub changed_at: Timestamp,
    /// Those before it, the latest first, as many as may not be chosen again.
    pub history: Vec<StoredHash>,
}

/// Whether the account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    Disabled { since: Timestamp },
}

impl UserAttrs {
    /// Somebody who has just signed up.
    pub fn new(id: UserId, email: Email, hash: StoredHash, now: Timestamp) -> Self {
        Self {
            id,
            email,
            email_verified_at: None,
            password: Password { hash, changed_at: now, history: Vec::new() },
            roles: Vec::new(),
            status: Status::Active,
            erase_at: None,
            challenges: Challenges::default(),
            outbox: Outbox::default(),
            epoch: 0,
            kept: None,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }
}

impl User {
    pub const fn build(attrs: UserAttrs) -> Self {
        Self(attrs)
    }

    pub const fn attrs(&self) -> &UserAttrs {
        &self.0
    }

    pub const fn id(&self) -> UserId {
        self.0.id
    }

    pub const fn hash(&self) -> &StoredHash {
        &self.0.password.hash
    }

    pub fn is_admin(&self) -> bool {
        self.0.roles.iter().any(Role::is_admin)
    }

    pub fn is_active(&self) -> bool {
        self.0.status == Status::Active
    }

    /// Whether a session of this epoch may speak for them.
    pub fn recognises(&self, session: SessionId, epoch: u64) -> bool {
        self.0.epoch == epoch || self.0.kept == Some(session)
    }

    /// The same password in a better hash: nothing the user did, so `changed_at` stays.
    #[must_use]
    pub fn renew_hash(self, hash: StoredHash, now: Timestamp) -> Self {
        let password = Password { hash, ..self.0.password };
        Self(UserAttrs { password, updated_at: now, ..self.0 })
    }

    /// Another password: all sessions end, but for one where that is wished. So many of the last ones are remembered, the new one
    /// among them.
    #[must_use]
    pub fn change_password(
        self,
        hash: StoredHash,
        remembered: usize,
        kept: Option<SessionId>,
        now: Timestamp,
    ) -> Self {
        let mut challenges = self.0.challenges;
        challenges.end(&[Purpose::Reset]);
        let Password { hash: old, mut history, .. } = self.0.password;
        history.insert(0, old);
        history.truncate(remembered.saturating_sub(1));
        let password = Password { hash, changed_at: now, history };
        Self(UserAttrs { password, challenges, ..self.0 }).end_sessions(kept, now)
    }

    /// Ends all sessions by the epoch, but for one where that is wished; and what one of them asked for and has not got yet.
    #[must_use]
    pub fn end_sessions(mut self, kept: Option<SessionId>, now: Timestamp) -> Self {
        self.0.challenges.end(&[Purpose::Move]);
        Self(UserAttrs { epoch: self.0.epoch + 1, kept, updated_at: now, ..self.0 })
    }

    /// As they come back from a backup: nobody can know which mail went since, and what it asked for was answered.
    #[must_use]
    pub fn revive(mut self, now: Timestamp) -> Self {
        self.0.challenges = Challenges::default();
        self.0.outbox = Outbox::default();
        self.end_sessions(None, now)
    }

    /// As it stands in the store once a write of it has gone through.
    #[must_use]
    pub fn written(self) -> Self {
        Self(UserAttrs { revision: self.0.revision + 1, ..self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u8) -> StoredHash {
        StoredHash::parse(&format!("{}.salt", format!("{number:02x}").repeat(64))).unwrap()
    }

    #[test]
    fn as_many_passwords_are_remembered_as_are_asked_for_and_no_more() {
        let (id, email) = (UserId::from_uuid(uuid::Uuid::nil()), Email::try_from("ada@example.org").unwrap());
        let user = User::build(UserAttrs::new(id, email, hash(0), Timestamp::UNIX_EPOCH));
        for (remembered, left) in [(0, 0), (1, 0), (2, 1), (5, 4)] {
            let changed = (1..10).fold(user.clone(), |user, number| {
                user.change_password(hash(number), remembered, None, Timestamp::UNIX_EPOCH)
            });
            let history = &changed.attrs().password.history;
            let latest: Vec<_> = (1..9).rev().map(hash).take(left).collect();
            assert_eq!((history, changed.attrs().epoch), (&latest, 9), "{remembered}");
        }
    }
}

//! One signed-in device of a user, and when it ends.

use jiff::{SignedDuration, Timestamp};

use super::{
    device::Device,
    id::{SessionId, UserId},
    policy::Lifetimes,
    secret::SecretDigest,
    user::User,
};

/// A signed-in device: found by the digest of the secret it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    /// The user's epoch when it began.
    pub epoch: u64,
    pub secret_digest: SecretDigest,
    /// How its user proved who they are.
    pub amr: Vec<Method>,
    pub auth_time: Timestamp,
    pub device: Device,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub idle_expires_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended: Option<Ended>,
}

/// A way of proving who one is, by its name in RFC 8176.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Password,
}

/// When and why a session was ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub at: Timestamp,
    pub reason: EndReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    SignedOut,
    /// Its browser signed in or up again, and holds another session since.
    Replaced,
    /// One that only a later release has a name for: it has ended all the same.
    Other,
}

impl Session {
    /// A session whose user has just typed the right password.
    pub fn begin(
        id: SessionId,
        user: &User,
        secret: SecretDigest,
        device: Device,
        lifetimes: Lifetimes,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            user_id: user.id(),
            epoch: user.attrs().epoch,
            secret_digest: secret,
            amr: vec![Method::Password],
            auth_time: now,
            device,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: later(now, lifetimes.idle),
            expires_at: later(now, lifetimes.absolute),
            ended: None,
        }
    }

    /// Whether it speaks for `user` at this moment. The only judge: no index and no cookie decides this.
    pub fn holds(&self, user: &User, now: Timestamp) -> bool {
        let alive = self.ended.is_none() && now < self.idle_expires_at && now < self.expires_at;
        alive && user.is_active() && self.user_id == user.id() && self.epoch == user.attrs().epoch
    }

    /// Notes that it was used, at most once a minute; `None` while there is nothing worth writing.
    pub fn seen(&self, lifetimes: Lifetimes, now: Timestamp) -> Option<Seen> {
        let due = now.duration_since(self.last_seen_at) >= SignedDuration::from_mins(1);
        due.then(|| Seen { at: now, idle_expires_at: later(now, lifetimes.idle) })
    }
}

/// That a session was used, and how long it may now stay unused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub at: Timestamp,
    pub idle_expires_at: Timestamp,
}

impl Method {
    pub const ALL: [Self; 1] = [Self::Password];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "pwd",
        }
    }

    /// What only a later release has a name for proves nothing to this one, and is left out.
    pub fn read_all(names: &[String]) -> Vec<Self> {
        let known = |name: &String| Self::ALL.into_iter().find(|method| method.as_str() == name);
        names.iter().filter_map(known).collect()
    }
}

impl EndReason {
    pub const ALL: [Self; 3] = [Self::SignedOut, Self::Replaced, Self::Other];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Replaced => "replaced",
            Self::Other => "other",
        }
    }

    pub fn read(text: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).unwrap_or(Self::Other)
    }
}

/// Far in the future is as good as never.
fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

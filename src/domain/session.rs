//! One signed-in device of a user, and when it ends.

use jiff::{SignedDuration, Timestamp};

use super::{
    device::Device,
    id::{SessionId, UserId},
    policy::Lifetimes,
    sealed::Sealed,
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
    pub mode: Mode,
    /// What its secrets are computed from.
    pub seed: Sealed,
    /// How often its secret was renewed.
    pub generation: u64,
    pub secret_digest: SecretDigest,
    pub previous: Option<Previous>,
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

/// In what its holder keeps the secret; one never stands in for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Cookie,
    /// As a refresh token.
    Token,
}

/// The secret before the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Previous {
    pub digest: SecretDigest,
    pub rotated_at: Timestamp,
}

/// What a secret is to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Current,
    /// Replaced so shortly ago that its holder may not have heard of it.
    Grace,
    /// Replaced, and used again: by a thief, or after one.
    Reused,
    Foreign,
}

/// What a session is opened with.
pub struct Opening {
    pub mode: Mode,
    pub seed: Sealed,
    /// The digest of the seed's first secret.
    pub secret: SecretDigest,
    pub device: Device,
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
    /// Its user ended it from another one.
    Revoked,
    /// Its user has more sessions than they may have, and this was the oldest.
    Crowded,
    /// A secret that had been replaced was used again.
    RefreshReuse,
    /// Its browser signed in or up again, and holds another session since.
    Replaced,
    /// One that only a later release has a name for: it has ended all the same.
    Other,
}

impl Session {
    /// A session whose user has just typed the right password.
    pub fn begin(id: SessionId, user: &User, opening: Opening, lifetimes: Lifetimes, now: Timestamp) -> Self {
        let Opening { mode, seed, secret, device } = opening;
        Self {
            id,
            user_id: user.id(),
            epoch: user.attrs().epoch,
            mode,
            seed,
            generation: 0,
            secret_digest: secret,
            previous: None,
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
        alive && user.is_active() && self.user_id == user.id() && user.recognises(self.id, self.epoch)
    }

    /// What `secret` is to it, when a secret that was replaced is still honoured for `grace`.
    pub fn standing(&self, secret: &SecretDigest, grace: SignedDuration, now: Timestamp) -> Standing {
        if *secret == self.secret_digest {
            return Standing::Current;
        }
        match self.previous {
            Some(previous) if *secret == previous.digest => {
                // The clock of whoever replaced it may be ahead of ours.
                let fresh = grace.is_positive() && now.duration_since(previous.rotated_at) < grace;
                if fresh { Standing::Grace } else { Standing::Reused }
            }
            _ => Standing::Foreign,
        }
    }

    /// Whether its secret should be renewed: once an hour, and when its user has changed since.
    pub fn is_due(&self, user: &User, now: Timestamp) -> bool {
        let since = self.previous.map_or(self.created_at, |previous| previous.rotated_at);
        now.duration_since(since) >= SignedDuration::from_hours(1) || user.attrs().updated_at > since
    }

    /// As it stands in the store once this rotation has gone through.
    #[must_use]
    pub fn rotated(self, rotation: &Rotation) -> Self {
        Self {
            generation: self.generation + 1,
            secret_digest: rotation.to,
            previous: Some(Previous { digest: rotation.from, rotated_at: rotation.at }),
            last_seen_at: self.last_seen_at.max(rotation.at),
            idle_expires_at: self.idle_expires_at.max(rotation.idle_expires_at),
            ..self
        }
    }

    /// The next generation, whose secret has this digest.
    pub fn rotate(&self, successor: SecretDigest, lifetimes: Lifetimes, now: Timestamp) -> Rotation {
        Rotation {
            session: self.id,
            generation: self.generation,
            from: self.secret_digest,
            to: successor,
            at: now,
            idle_expires_at: later(now, lifetimes.idle),
        }
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

/// That the secret of one generation gives way to that of the next. It counts as a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub session: SessionId,
    /// The generation that ends.
    pub generation: u64,
    pub from: SecretDigest,
    pub to: SecretDigest,
    pub at: Timestamp,
    pub idle_expires_at: Timestamp,
}

impl Mode {
    pub const ALL: [Self; 2] = [Self::Cookie, Self::Token];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Token => "token",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
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
    pub const ALL: [Self; 6] =
        [Self::SignedOut, Self::Replaced, Self::Revoked, Self::Crowded, Self::RefreshReuse, Self::Other];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Revoked => "revoked",
            Self::Crowded => "crowded",
            Self::RefreshReuse => "refresh_reuse",
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

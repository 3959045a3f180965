//! What happened that matters for security, as it is remembered: who, what, and from where; never a secret.

mod bytes;
mod chain;
mod circumstances;
mod detail;
mod kind;
mod word;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{
    device::Device,
    id::{EventId, SessionId, UserId},
    secret::SecretDigest,
};

pub use super::trace::TraceId;
pub use chain::{ChainDigest, Fault, Head, Link, NotAHead, Noted, Walk};
pub use circumstances::{Circumstances, RequestName};
pub use detail::Detail;
pub use kind::{Actor, EventKind, Reason};

use bytes::Bytes;

/// Written once. What happens to it later is that it is sealed, and that what tells of a person is forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub kind: EventKind,
    pub reason: Option<Reason>,
    /// What exactly was done, where the kind does not say it all.
    pub detail: Option<Detail>,
    pub actor: Actor,
    /// Whom it is about.
    pub user_id: Option<UserId>,
    pub request: Option<RequestName>,
    pub trace: Option<TraceId>,
    /// `None` once its user was erased.
    pub particulars: Option<Particulars>,
    /// Of the particulars, with their salt: it stays when they go, and tells nothing of them then.
    pub commitment: [u8; 32],
    pub at: Timestamp,
    /// By whoever wrote it, until it is sealed: who can write to the store and has no key secret cannot make one.
    pub stamp: Option<[u8; 32]>,
    /// Its place in the chain, once it is sealed.
    pub link: Option<Link>,
}

/// What tells of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Particulars {
    /// Chance, without which nobody finds out by trying what these were.
    pub salt: [u8; 16],
    pub session_id: Option<SessionId>,
    /// The keyed digest of an address that was typed and is no user's.
    pub subject: Option<SecretDigest>,
    pub device: Device,
}

/// Which events; all where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    pub user: Option<UserId>,
    pub kind: Option<EventKind>,
}

/// What a verb says of what it did; the rest is known where it is written down.
#[derive(Clone, Debug)]
#[must_use]
pub struct Happening {
    kind: EventKind,
    reason: Option<Reason>,
    detail: Option<Detail>,
    actor: Actor,
    user: Option<UserId>,
    session: Option<SessionId>,
    subject: Option<SecretDigest>,
    from: Circumstances,
}

impl Happening {
    /// Something else that came of it, to the same and from there.
    pub fn leads_to(self, kind: EventKind) -> Self {
        Self { kind, reason: None, detail: None, ..self }
    }

    /// Somebody did it to what is theirs.
    pub fn by_user(kind: EventKind, user: UserId, from: &Circumstances) -> Self {
        Self { user: Some(user), from: from.clone(), ..Self::by(Actor::User, kind) }
    }

    pub fn by_anyone(kind: EventKind, from: &Circumstances) -> Self {
        Self { from: from.clone(), ..Self::by(Actor::Anyone, kind) }
    }

    pub fn by(actor: Actor, kind: EventKind) -> Self {
        let (reason, detail, user, session, subject) = (None, None, None, None, None);
        Self { kind, reason, detail, actor, user, session, subject, from: Circumstances::default() }
    }

    pub fn to(self, user: UserId) -> Self {
        Self { user: Some(user), ..self }
    }

    pub fn because(self, reason: Reason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    pub fn in_detail(self, detail: Option<Detail>) -> Self {
        Self { detail, ..self }
    }

    pub fn of_session(self, session: SessionId) -> Self {
        Self { session: Some(session), ..self }
    }

    /// An address that is nobody's.
    pub fn about(self, subject: SecretDigest) -> Self {
        Self { subject: Some(subject), ..self }
    }
}

impl Event {
    pub fn of(happening: Happening, id: EventId, salt: [u8; 16], at: Timestamp) -> Self {
        let Happening { kind, reason, detail, actor, user, session, subject, from } = happening;
        let particulars = Particulars { salt, session_id: session, subject, device: from.device };
        Self {
            id,
            kind,
            reason,
            detail,
            actor,
            user_id: user,
            request: from.request,
            trace: from.trace,
            commitment: particulars.commitment(),
            particulars: Some(particulars),
            at,
            stamp: None,
            link: None,
        }
    }

    #[must_use]
    pub fn stamped(self, stamp: impl Fn(&[u8]) -> [u8; 32]) -> Self {
        Self { stamp: Some(stamp(&self.said())), ..self }
    }

    /// Whether it says what its writer stamped. `has_stamped` says whether a stamp is ours on these bytes.
    pub fn is_as_written(&self, has_stamped: impl Fn(&[u8], &[u8; 32]) -> bool) -> bool {
        self.keeps_its_commitment() && self.stamp.is_some_and(|stamp| has_stamped(&self.said(), &stamp))
    }

    /// The release before knew neither salts nor stamps.
    pub fn is_of_the_release_before(&self) -> bool {
        self.stamp.is_none() && self.particulars.as_ref().is_some_and(|known| known.salt == [0; 16])
    }

    /// What was forgotten cannot break it.
    fn keeps_its_commitment(&self) -> bool {
        self.particulars.as_ref().is_none_or(|known| known.commitment() == self.commitment)
    }

    fn said(&self) -> Vec<u8> {
        let mut bytes = Bytes::new("portcullis unsealed event 1");
        self.put_into(&mut bytes);
        bytes.as_slice().to_vec()
    }

    /// All of it but what may be forgotten, which stands there by its commitment.
    fn put_into(&self, bytes: &mut Bytes) {
        bytes.put(self.id.as_uuid().as_bytes());
        bytes.put(self.kind.as_str());
        bytes.put_if_any(self.reason.as_ref().map(Reason::as_str));
        bytes.put(self.actor.as_str());
        bytes.put_if_any(self.user_id.map(|user| *user.as_uuid().as_bytes()).as_ref());
        bytes.put_if_any(self.request.as_ref().map(RequestName::as_str));
        bytes.put_if_any(self.trace.as_ref().map(TraceId::as_bytes));
        bytes.put(self.at.as_millisecond().to_be_bytes());
        bytes.put(self.commitment);
        // By its name, and only where there is one: what was sealed before there were details keeps its bytes.
        if let Some(detail) = &self.detail {
            bytes.put("detail");
            bytes.put(detail.as_str());
        }
    }

    pub fn is_gone(&self, now: Timestamp) -> bool {
        self.link.is_some_and(|link| link.expires_at <= now)
    }

    pub fn session_id(&self) -> Option<SessionId> {
        self.particulars.as_ref().and_then(|known| known.session_id)
    }

    pub fn device(&self) -> Option<&Device> {
        self.particulars.as_ref().map(|known| &known.device)
    }

    pub fn position(&self) -> Option<u64> {
        self.link.map(|link| link.position)
    }
}

impl Particulars {
    /// From what is stored, and whether its salt is. Without either there was no commitment yet when it was written: it is made of
    /// what there is.
    pub fn read(stored: Self, has_salt: bool, commitment: Option<[u8; 32]>) -> (Option<Self>, [u8; 32]) {
        match commitment {
            None => {
                let commitment = stored.commitment();
                (Some(stored), commitment)
            }
            Some(commitment) if has_salt => (Some(stored), commitment),
            Some(commitment) => (None, commitment),
        }
    }

    pub fn commitment(&self) -> [u8; 32] {
        let mut bytes = Bytes::new("portcullis particulars 1");
        bytes.put(self.salt);
        bytes.put_if_any(self.session_id.map(|session| *session.as_uuid().as_bytes()).as_ref());
        bytes.put_if_any(self.subject.as_ref().map(SecretDigest::as_bytes));
        bytes.put_if_any(self.device.ip().map(|ip| ip.to_string()).as_ref());
        bytes.put_if_any(self.device.user_agent());
        Sha256::digest(bytes.as_slice()).into()
    }
}

impl EventFilter {
    pub fn admits(&self, event: &Event) -> bool {
        self.user.is_none_or(|user| event.user_id == Some(user))
            && self.kind.is_none_or(|kind| event.kind == kind)
    }
}

#[cfg(test)]
mod tests;

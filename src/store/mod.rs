//! What we remember: one trait of atomic intentions, and the two places that keep it.
//!
//! The contract of every method, whichever store keeps it:
//! - it happens wholly or not at all, and once it has answered `Ok` no crash takes it back;
//! - nothing found is `None`, never an error;
//! - it ends within [`DEADLINE`], and says [`StoreError::OutcomeUnknown`] where nobody can know whether it happened;
//! - the time comes from the caller, and no read trusts a sweep to have removed what expired.
//!
//! `tests/it/store/contract` holds both stores to it.

mod attempts;
pub mod mongo;
mod outlets;
pub mod sqlite;
mod traffic;
mod vitals;

use std::{error::Error, ops::Range, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::{
    email::Email,
    event::{Event, EventFilter, Head},
    id::{EventId, KeyId, SessionId, UserId},
    one_time::{OneTime, Purpose},
    record::Record,
    secret::SecretDigest,
    session::{Ended, Rotation, Seen, Session},
    signing_key::SigningKey,
    user::User,
};

pub use attempts::{Attempts, Count};
pub use outlets::Outlets;
pub use traffic::{TOO_LONG, Traffic};
pub use vitals::{MOST_LETTERS, Share, Vitals};

/// No call takes longer, but for `migrate`, `purge`, `begin_import` and `close`, which nobody's request waits for. It is less than a
/// request as a whole has, so that it is the store that says what became of a call.
pub const DEADLINE: Duration = Duration::from_secs(4);

#[async_trait]
pub trait Store: Attempts + Outlets + Send + Sync {
    /// Brings the schema to this release's, whoever else is trying to; safe to repeat. Ready to serve once it is `Ok`.
    async fn migrate(&self, now: Timestamp) -> Result<(), MigrateError>;

    /// Ready to be read as it is: for whoever may read and not write.
    async fn examine(&self) -> Result<(), MigrateError>;

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>, StoreError>;

    /// Adds the user, or says `Taken` when the address is somebody's.
    async fn add_user(&self, user: &User) -> Result<(), StoreError>;

    /// Adds each of at most [`BATCH`] users unless there is one of its id already, or the address is somebody's, and says in
    /// their order what became of them. Each is there wholly or not at all; when it fails, perhaps some are.
    async fn add_users(&self, users: &[User]) -> Result<Vec<Added>, StoreError>;

    /// Replaces the user if the stored revision is still `user`'s, and raises it; `Stale` when it is not.
    async fn replace_user(&self, user: &User) -> Result<(), StoreError>;

    /// Users to whom a letter is due, those who have waited longest first, at most so many.
    async fn users_to_write_to(&self, now: Timestamp, most: u32) -> Result<Vec<User>, StoreError>;

    /// Users who left and whose grace is over, at most so many.
    async fn users_to_erase(&self, now: Timestamp, most: u32) -> Result<Vec<UserId>, StoreError>;

    /// Removes a user whose grace is over, with their sessions; events stay, and lose their particulars.
    /// `false` when there is no such user. What fails may have happened in part, and is whole once it was repeated.
    async fn erase_user(&self, id: UserId, now: Timestamp) -> Result<bool, StoreError>;

    /// Takes the particulars out of the events of a user who is gone: some may have been written while they were being erased.
    async fn forget_particulars(&self, of: UserId) -> Result<(), StoreError>;

    async fn add_session(&self, session: &Session) -> Result<(), StoreError>;

    /// The session whose present or previous secret this is, with its user, as both are now; the caller judges whether
    /// it holds.
    async fn session(&self, secret: &SecretDigest) -> Result<Option<(Session, User)>, StoreError>;

    /// The same by the session's id.
    async fn session_by_id(&self, id: SessionId) -> Result<Option<(Session, User)>, StoreError>;

    /// A user's sessions that have neither ended nor expired, the newest first, and at most [`MOST_SESSIONS`] of them.
    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError>;

    /// All that is kept of a user's sessions, the newest first, and at most [`MOST_SESSIONS`] of them.
    async fn sessions_ever_of(&self, user: UserId) -> Result<Vec<Session>, StoreError>;

    /// Notes that the session was used, unless it has ended or was seen later.
    async fn see_session(&self, id: SessionId, seen: Seen) -> Result<(), StoreError>;

    /// Puts the next secret in the place of the present one, which becomes the previous; `Stale` when the session has
    /// ended or is of another generation by now.
    async fn rotate_session(&self, rotation: &Rotation) -> Result<(), StoreError>;

    /// Ends the session; `false` when there is none that has not ended already.
    async fn end_session(&self, id: SessionId, ended: Ended) -> Result<bool, StoreError>;

    async fn add_one_time(&self, record: &OneTime) -> Result<(), StoreError>;

    /// Takes the record out if it serves this purpose and has not expired; a second caller finds nothing.
    async fn consume_one_time(
        &self,
        secret: &SecretDigest,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<OneTime>, StoreError>;

    /// All of them, by their number.
    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError>;

    /// Adds the key, or says `Taken` when its number is another's.
    async fn add_signing_key(&self, key: &SigningKey) -> Result<(), StoreError>;

    async fn remove_signing_key(&self, id: KeyId) -> Result<(), StoreError>;

    /// Adds the event, which is not sealed yet.
    async fn add_event(&self, event: &Event) -> Result<(), StoreError>;

    /// Those with ids in this range that have not expired, the newest first, at most so many.
    async fn events(
        &self,
        wanted: &EventFilter,
        ids: Range<EventId>,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<Event>, StoreError>;

    /// Sealed events at these positions that have not expired, in the order of the chain, at most so many. Of those that are being
    /// sealed meanwhile some may be there and others, before them, not yet.
    async fn sealed_events(
        &self,
        of: Option<UserId>,
        positions: Range<u64>,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<Event>, StoreError>;

    /// Those that are not sealed yet and have ids after this one, in the order of their ids, at most so many.
    async fn unsealed_events(&self, after: EventId, most: u32) -> Result<Vec<Event>, StoreError>;

    /// The latest link of the chain, expired or not.
    async fn head(&self) -> Result<Option<Head>, StoreError>;

    /// Gives at most [`BATCH`] events the places in the chain that they bring, in their order, and takes their stamps; `Stale` where one is
    /// sealed already, or the place is another's. Those before that one are sealed then, or none is.
    async fn seal_events(&self, sealed: &[Event]) -> Result<(), StoreError>;

    /// Tells what changes from now on.
    fn changes(&self) -> Box<dyn Changes>;

    /// Everything, as it was at one moment.
    async fn export(&self) -> Result<Box<dyn Export>, StoreError>;

    /// Empties it for an import. Until that has ended the store is no store to serve from: `migrate` says `Importing`, and
    /// `probe` fails, also after a crash. It may take long, and be repeated: an import that somebody else has begun is over.
    async fn begin_import(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Adds the records as they are, all of them or, when it fails, perhaps some.
    async fn import(&self, records: Vec<Record>) -> Result<(), StoreError>;

    /// Of the import that was begun then; `Stale` when it is not the one that is under way. Outlets go on behind what it brought.
    async fn end_import(&self, begun: Timestamp) -> Result<(), StoreError>;

    /// Proves that the store takes a read and a write.
    async fn probe(&self, now: Timestamp) -> Result<(), StoreError>;

    /// What the store's own clock says; `None` where it has none but ours.
    async fn time(&self) -> Result<Option<Timestamp>, StoreError>;

    /// How it is as a whole.
    async fn vitals(&self) -> Result<Vitals, StoreError>;

    /// Removes what expired before `now`, where the store does not do so by itself; returns how much went.
    async fn purge(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// How busy the way to the store is, for `/health`.
    fn pool(&self) -> Pool;

    /// How calls have fared since it was opened.
    fn traffic(&self) -> &Traffic;

    /// Lets go of it; what is under way is finished first.
    async fn close(&self);
}

/// What became of one of many users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    New,
    /// There is one of its id, whatever has changed about them since.
    Before,
    /// The address is somebody else's.
    Taken,
}

/// Sessions of one user that can be listed; above how many they may have, whatever is configured.
pub const MOST_SESSIONS: u32 = 2_000;

/// What changed in the store, whoever changed it, for those who remember what it held.
#[async_trait]
pub trait Changes: Send {
    /// What changed since the last call. The first call says `Everything`, and so does one that may have missed something.
    /// When nothing changes it answers with nothing after [`QUIET`]: once it is `Ok`, all that had changed when it was
    /// asked has been told. After an error it may be asked again and goes on where it was, or says `Everything`.
    async fn next(&mut self) -> Result<Vec<Change>, StoreError>;
}

/// How long changes are waited for before their absence is told.
pub const QUIET: Duration = Duration::from_millis(500);

/// What a store held at one moment, a batch at a time.
#[async_trait]
pub trait Export: Send {
    /// The next records, at most [`BATCH`] of them: one kind after the other, each in the order of its ids, which is the
    /// same in either store. Nothing at the end.
    async fn next(&mut self) -> Result<Vec<Record>, StoreError>;
}

/// How many records travel together: some hundred kilobytes.
pub const BATCH: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    Session(SessionId),
    User(UserId),
    Everything,
}

/// Connections (or threads) to the store: how many are at work, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    pub in_use: u32,
    pub size: u32,
}

/// What went wrong, as far as a flow may branch on it; the rest is for the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something unique is somebody else's.
    #[error("taken")]
    Taken,
    /// Somebody else wrote first.
    #[error("stale")]
    Stale,
    /// The store could not be asked; nothing happened.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
    /// The store was asked and nobody knows whether it happened; never to be reported as failed.
    #[error("the outcome is unknown")]
    OutcomeUnknown(#[source] BoxError),
    /// The store answered something that cannot be.
    #[error("the store holds what it should not")]
    Broken(#[source] BoxError),
}

/// Why a store cannot be served from.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Worth trying again: the store is away, or somebody else is at it.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
    /// What it holds is half of what it should: worth trying again once somebody has finished.
    #[error("a restore into the store is under way, or broke off; `portcullis restore` finishes it")]
    Importing,
    /// Waiting changes nothing: a person has to act.
    #[error("{0}")]
    Refused(String),
}

pub type BoxError = Box<dyn Error + Send + Sync>;

//! What is remembered of sessions, so that most checks ask no store.
//!
//! A session and its user are remembered together, as one read found them. While changes are heard of, what is remembered
//! is what the store holds; when they are not, it is believed for [`BOUND`] and no longer. Reading takes no lock.

mod marks;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use crate::{
    domain::{
        access_token::Claims,
        clock::Clock,
        id::{SessionId, UserId},
        secret::SecretDigest,
        session::Session,
        user::User,
    },
    store::{Change, Store, StoreError},
};

use marks::{Before, Marks};

/// How old what is remembered may be.
pub const BOUND: Duration = Duration::from_secs(30);

/// Bounds of what is remembered, in bytes as [`weight`] counts them, and the least that an entry counts for, which
/// bounds their number.
const SESSIONS: u64 = 32 << 20;
const SECRETS: u64 = 8 << 20;
const LEAST: u32 = 512;
const SECRET: u32 = 128;
const TOKENS: u64 = 16 << 20;
const READS: u64 = 16_384;

type Digest = [u8; 32];

pub struct Memory {
    clock: Arc<dyn Clock>,
    sessions: Cache<SessionId, Arc<Remembered>>,
    /// Whose secret it is or was: that never changes. What it is worth is for the session to say.
    secrets: Cache<SecretDigest, SessionId>,
    /// What tokens say whose signature was good: that never changes either.
    tokens: Cache<Digest, Arc<Claims>>,
    /// Those who are reading; it keeps nothing.
    reads: Cache<Key, Arc<Remembered>>,
    marks: Marks,
    /// The uptime, in milliseconds, up to which all changes have been heard of.
    heard: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// A session with its user, as they were at one moment.
#[derive(Debug)]
pub struct Remembered {
    pub session: Session,
    pub user: User,
    before: Before,
    as_of: Duration,
    /// The uptime, in milliseconds, from which on somebody may see to it that its use is noted.
    to_note: AtomicU64,
}

/// For `/health`.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    pub entries: u64,
    /// Answers that came from memory.
    pub hits: u64,
    /// Reads of the store.
    pub misses: u64,
    /// How long ago the store last told what changed.
    pub lag: Duration,
}

/// By what a session is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    Id(SessionId),
    Secret(SecretDigest),
}

/// Why a read put nothing into memory.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("there is no such session")]
    Absent,
    #[error(transparent)]
    Failed(StoreError),
}

impl Figures {
    /// Changes are told at least twice a second, so five seconds of silence are an outage.
    pub fn is_heard(&self) -> bool {
        self.lag < Duration::from_secs(5)
    }
}

impl Memory {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let weigh = |_: &SessionId, remembered: &Arc<Remembered>| weight(remembered).max(LEAST);
        Self {
            clock,
            sessions: Cache::builder().max_capacity(SESSIONS).weigher(weigh).build(),
            secrets: Cache::builder().max_capacity(SECRETS).weigher(|_, _| SECRET).build(),
            tokens: Cache::builder()
                .max_capacity(TOKENS)
                .weigher(|_, claims: &Arc<Claims>| weight_of(claims))
                .build(),
            reads: Cache::builder().max_capacity(READS).build(),
            marks: Marks::default(),
            heard: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// The session, if it is as it has to be. A yes may come from memory; a no is always the store's.
    pub async fn find(
        &self,
        store: &dyn Store,
        key: Key,
        is_right: impl Fn(&Session, &User) -> bool,
    ) -> Result<Option<Arc<Remembered>>, StoreError> {
        let is_right = |found: &Arc<Remembered>| is_right(&found.session, &found.user);
        if let Some(known) = self.recall(key).await.filter(is_right) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(Some(known));
        }
        // What only a miss needs is boxed, or every hit would carry its room from hand to hand.
        Ok(Box::pin(self.read(store, key)).await?.filter(is_right))
    }

    /// What a token says, which `read` finds out once.
    pub async fn claims<E>(
        &self,
        token: &str,
        read: impl FnOnce() -> Result<Claims, E>,
    ) -> Result<Arc<Claims>, E> {
        let digest = Sha256::digest(token).into();
        if let Some(claims) = self.tokens.get(&digest).await {
            return Ok(claims);
        }
        let claims = Arc::new(read()?);
        Box::pin(self.tokens.insert(digest, Arc::clone(&claims))).await;
        Ok(claims)
    }

    /// What changed since it was last heard of, which was asked for at `asked`.
    pub fn hear(&self, asked: Duration, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Session(id) => self.forget_session(*id),
                Change::User(id) => self.forget_user(*id),
                Change::Everything => {
                    self.marks.forget_all();
                    self.sessions.invalidate_all();
                }
            }
        }
        self.heard.fetch_max(millis(asked), Ordering::SeqCst);
    }

    /// Nobody who asks from now on is told what was true before.
    pub fn forget_session(&self, id: SessionId) {
        self.marks.forget(id.as_uuid());
    }

    /// For whoever goes by what is remembered for long: tells that something was forgotten.
    pub fn stirs(&self) -> watch::Receiver<()> {
        self.marks.stirs()
    }

    /// Lets go of a session of which nothing changed that anybody is judged by.
    pub async fn read_again(&self, id: SessionId) {
        self.sessions.invalidate(&id).await;
    }

    pub fn forget_user(&self, id: UserId) {
        self.marks.forget(id.as_uuid());
    }

    pub fn figures(&self) -> Figures {
        Figures {
            entries: self.sessions.entry_count(),
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            lag: self.clock.uptime().saturating_sub(self.heard()),
        }
    }

    async fn recall(&self, key: Key) -> Option<Arc<Remembered>> {
        let id = match key {
            Key::Id(id) => id,
            Key::Secret(secret) => self.secrets.get(&secret).await?,
        };
        self.sessions.get(&id).await.filter(|remembered| self.believes(remembered))
    }

    fn believes(&self, remembered: &Remembered) -> bool {
        let Remembered { session, user, before, as_of, .. } = remembered;
        let true_at = self.heard().max(*as_of);
        self.marks.is_known(session.id.as_uuid(), *before)
            && self.marks.is_known(user.id().as_uuid(), *before)
            && self.clock.uptime().saturating_sub(true_at) <= BOUND
    }

    fn heard(&self) -> Duration {
        Duration::from_millis(self.heard.load(Ordering::SeqCst))
    }
}

impl Memory {
    /// Asks the store, once for all who want the same at the same time.
    async fn read(&self, store: &dyn Store, key: Key) -> Result<Option<Arc<Remembered>>, StoreError> {
        let asked = self.marks.before();
        for _ in 0..2 {
            let read = self.reads.try_get_with(key, self.load(store, key)).await;
            self.reads.invalidate(&key).await;
            match read {
                Ok(read) if read.before >= asked && self.believes(&read) => return Ok(Some(read)),
                // Somebody had begun to read before something was forgotten that I must not be told any more, or gave up
                // before they could let go of what they had read.
                Ok(_) => {}
                Err(unread) => return unread.answer(),
            }
        }
        self.load(store, key).await.map_or_else(|unread| Arc::new(unread).answer(), |read| Ok(Some(read)))
    }

    async fn load(&self, store: &dyn Store, key: Key) -> Result<Arc<Remembered>, Unread> {
        self.misses.fetch_add(1, Ordering::Relaxed);
        let (before, as_of) = (self.marks.before(), self.clock.uptime());
        let found = match &key {
            Key::Id(id) => store.session_by_id(*id).await,
            Key::Secret(secret) => store.session(secret).await,
        };
        let (session, user) = found.map_err(Unread::Failed)?.ok_or(Unread::Absent)?;
        let read = Arc::new(Remembered { session, user, before, as_of, to_note: AtomicU64::new(0) });
        let id = read.session.id;
        self.sessions.insert(id, Arc::clone(&read)).await;
        if let Key::Secret(secret) = key {
            self.secrets.insert(secret, id).await;
        }
        Ok(read)
    }
}

impl Remembered {
    /// `true` for one of all who ask within `pause`, who then notes that the session was used.
    pub fn is_mine_to_note(&self, uptime: Duration, pause: Duration) -> bool {
        let (now, next) = (millis(uptime), millis(uptime + pause));
        let due = self.to_note.load(Ordering::Relaxed);
        due <= now && self.to_note.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Unread {
    fn answer<T>(self: Arc<Self>) -> Result<Option<T>, StoreError> {
        match *self {
            Self::Absent => Ok(None),
            Self::Failed(StoreError::Unavailable(_)) => Err(StoreError::Unavailable(self.into())),
            Self::Failed(_) => Err(StoreError::Broken(self.into())),
        }
    }
}

/// About what it takes of memory.
fn weight(remembered: &Remembered) -> u32 {
    let Remembered { session, user, .. } = remembered;
    let text = session.device.user_agent().map_or(0, str::len) + session.seed.as_bytes().len();
    let attrs = user.attrs();
    let address = 2 * attrs.email.original().len();
    let mail = attrs.challenges.iter().count() * 128 + attrs.outbox.iter().count() * 320;
    let bytes = size_of::<Remembered>() + text + address + mail + attrs.roles.len() * 48 + 256;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn weight_of(claims: &Claims) -> u32 {
    let text = claims.iss.len() + claims.aud.len() + claims.email.len() + claims.roles.len() * 48;
    u32::try_from(size_of::<Claims>() + text + 256).unwrap_or(u32::MAX)
}

fn millis(uptime: Duration) -> u64 {
    u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX)
}

//! The store in MongoDB: every decision is one conditional write to one document.
//!
//! Documents, cursors and the driver's errors do not leave this folder.

mod attempts;
mod calls;
mod changes;
mod connect;
mod connected;
mod connections;
mod documents;
mod elsewhere;
mod errors;
mod events;
mod export;
mod gap;
mod import;
mod indexes;
mod lag;
mod lock;
mod members;
mod migrations;
mod one_time;
mod outlets;
mod sessions;
mod settings;
mod shape;
mod signing_keys;
mod users;
mod vitals;

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

use crate::domain::{
    clock::Entropy,
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

use self::{changes::MongoChanges, connected::Connected, errors::Cause, export::MongoExport};

pub use self::elsewhere::{Elsewhere, Stranger};

use super::{Added, Changes, DEADLINE, Export, MigrateError, Pool, Store, StoreError, Traffic, Vitals};

pub struct MongoStore {
    url: SecretString,
    /// For what tells holders of the lock apart, and for jitter.
    entropy: Arc<dyn Entropy>,
    /// Empty until the servers behind the URL have answered once.
    connected: Arc<OnceCell<Connected>>,
    traffic: Arc<Traffic>,
}

impl MongoStore {
    /// Waits for nothing: the name of a cluster, like its servers, may answer only later.
    pub fn open(url: &str, entropy: Arc<dyn Entropy>) -> Result<Self, MigrateError> {
        connect::check(url)?;
        let traffic = Arc::new(Traffic::of("mongodb"));
        Ok(Self { url: url.into(), entropy, connected: Arc::default(), traffic })
    }

    async fn connect(&self) -> Result<&Connected, MigrateError> {
        let connect = || Connected::to(self.url.expose_secret(), Arc::clone(&self.entropy), &self.traffic);
        self.connected.get_or_try_init(connect).await
    }

    fn connected(&self) -> Result<&Connected, StoreError> {
        self.connected.get().ok_or_else(|| Cause::NotYet.unavailable())
    }
}

#[async_trait]
impl Store for MongoStore {
    async fn migrate(&self, now: Timestamp) -> Result<(), MigrateError> {
        migrations::migrate(self.connect().await?, now).await
    }

    async fn examine(&self) -> Result<(), MigrateError> {
        migrations::examine(self.connect().await?).await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.connected()?.find_user(id).await
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        self.connected()?.find_user_by_email(email).await
    }

    async fn add_user(&self, user: &User) -> Result<(), StoreError> {
        self.connected()?.insert_user(user).await
    }

    async fn add_users(&self, users: &[User]) -> Result<Vec<Added>, StoreError> {
        self.connected()?.insert_users(users).await
    }

    async fn replace_user(&self, user: &User) -> Result<(), StoreError> {
        self.connected()?.update_user(user).await
    }

    async fn users_to_write_to(&self, now: Timestamp, most: u32) -> Result<Vec<User>, StoreError> {
        self.connected()?.find_users_to_write_to(now, most).await
    }

    async fn users_to_erase(&self, now: Timestamp, most: u32) -> Result<Vec<UserId>, StoreError> {
        self.connected()?.find_users_to_erase(now, most).await
    }

    async fn erase_user(&self, id: UserId, now: Timestamp) -> Result<bool, StoreError> {
        self.connected()?.remove_user(id, now).await
    }

    async fn forget_particulars(&self, of: UserId) -> Result<(), StoreError> {
        self.connected()?.unset_particulars_of_the_gone(of).await
    }

    async fn add_session(&self, session: &Session) -> Result<(), StoreError> {
        self.connected()?.insert_session(session).await
    }

    async fn session(&self, secret: &SecretDigest) -> Result<Option<(Session, User)>, StoreError> {
        self.connected()?.find_session(secret).await
    }

    async fn session_by_id(&self, id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
        self.connected()?.find_session_by_id(id).await
    }

    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.connected()?.find_sessions_of(user, now).await
    }

    async fn sessions_ever_of(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        self.connected()?.find_sessions_ever_of(user).await
    }

    async fn see_session(&self, id: SessionId, seen: Seen) -> Result<(), StoreError> {
        self.connected()?.update_seen(id, seen).await
    }

    async fn rotate_session(&self, rotation: &Rotation) -> Result<(), StoreError> {
        self.connected()?.update_rotated(rotation).await
    }

    async fn end_session(&self, id: SessionId, ended: Ended) -> Result<bool, StoreError> {
        self.connected()?.update_ended(id, ended).await
    }

    async fn add_one_time(&self, record: &OneTime) -> Result<(), StoreError> {
        self.connected()?.insert_one_time(record).await
    }

    async fn consume_one_time(
        &self,
        secret: &SecretDigest,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<OneTime>, StoreError> {
        self.connected()?.take_one_time(secret, purpose, now).await
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        self.connected()?.find_signing_keys().await
    }

    async fn add_signing_key(&self, key: &SigningKey) -> Result<(), StoreError> {
        self.connected()?.insert_signing_key(key).await
    }

    async fn remove_signing_key(&self, id: KeyId) -> Result<(), StoreError> {
        self.connected()?.delete_signing_key(id).await
    }

    async fn add_event(&self, event: &Event) -> Result<(), StoreError> {
        self.connected()?.insert_event(event).await
    }

    async fn events(
        &self,
        wanted: &EventFilter,
        ids: Range<EventId>,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<Event>, StoreError> {
        self.connected()?.find_events(wanted, ids, most, now).await
    }

    async fn sealed_events(
        &self,
        of: Option<UserId>,
        positions: Range<u64>,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<Event>, StoreError> {
        self.connected()?.find_sealed_events(of, positions, most, now).await
    }

    async fn unsealed_events(&self, after: EventId, most: u32) -> Result<Vec<Event>, StoreError> {
        self.connected()?.find_unsealed_events(after, most).await
    }

    async fn head(&self) -> Result<Option<Head>, StoreError> {
        self.connected()?.find_head().await
    }

    async fn seal_events(&self, sealed: &[Event]) -> Result<(), StoreError> {
        self.connected()?.seal_all(sealed).await
    }

    fn changes(&self) -> Box<dyn Changes> {
        Box::new(MongoChanges::of(&self.connected))
    }

    async fn export(&self) -> Result<Box<dyn Export>, StoreError> {
        Ok(Box::new(MongoExport::begin(&self.connected).await?))
    }

    async fn begin_import(&self, now: Timestamp) -> Result<(), StoreError> {
        self.connected()?.mark_and_empty(now).await
    }

    async fn import(&self, records: Vec<Record>) -> Result<(), StoreError> {
        self.connected()?.insert_all(records).await
    }

    async fn end_import(&self, begun: Timestamp) -> Result<(), StoreError> {
        self.connected()?.unmark(begun).await
    }

    async fn probe(&self, now: Timestamp) -> Result<(), StoreError> {
        self.connected()?.read_and_write(now).await
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.connected()?.local_time().await.map(Some)
    }

    async fn vitals(&self) -> Result<Vitals, StoreError> {
        self.connected()?.look().await
    }

    /// The TTL indexes do it.
    async fn purge(&self, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    /// Of how many there may be, not of how many are open: the latter grows and shrinks with the load.
    fn pool(&self) -> Pool {
        let of =
            |store: &Connected| Pool { in_use: store.connections.at_work(), size: store.most_connections };
        self.connected.get().map_or_else(Pool::default, of)
    }

    fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    async fn close(&self) {
        let Some(store) = self.connected.get() else { return };
        if !store.calls.close(DEADLINE).await {
            tracing::warn!("calls to the store were still under way when it was let go of");
        }
        store.database.client().clone().shutdown().immediate(true).await;
    }
}

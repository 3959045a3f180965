//! The store in MongoDB: every decision is one conditional write to one document.
//!
//! Documents, cursors and the driver's errors do not leave this folder.

mod calls;
mod connect;
mod connections;
mod documents;
mod errors;
mod gap;
mod indexes;
mod lock;
mod migrations;
mod one_time;
mod sessions;
mod settings;
mod shape;
mod users;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use mongodb::{Client, Collection, Database};

use crate::domain::{
    clock::Entropy,
    email::Email,
    event::Event,
    id::{KeyId, SessionId, UserId},
    one_time::{OneTime, Purpose},
    secret::SecretDigest,
    session::{Ended, Rotation, Seen, Session},
    signing_key::SigningKey,
    user::User,
};

use self::{
    calls::Calls,
    connections::Connections,
    documents::{
        one_time::OneTimeDocument, session::SessionDocument, settings::SettingsDocument, user::UserDocument,
    },
};

use super::{Changes, DEADLINE, MigrateError, Pool, Store, StoreError};

pub struct MongoStore {
    database: Database,
    users: Collection<UserDocument>,
    sessions: Collection<SessionDocument>,
    one_time: Collection<OneTimeDocument>,
    settings: Collection<SettingsDocument>,
    calls: Calls,
    connections: Arc<Connections>,
    most_connections: u32,
    /// For what tells holders of the lock apart, and for jitter.
    entropy: Arc<dyn Entropy>,
}

impl MongoStore {
    /// Does not wait for a server: whether there is one is seen by the first call.
    pub async fn connect(url: &str, entropy: Arc<dyn Entropy>) -> Result<Self, MigrateError> {
        let connections = Arc::<Connections>::default();
        let (options, name) = connect::options(url, &connections).await?;
        let most_connections = options.max_pool_size.unwrap_or(connect::MOST_CONNECTIONS);
        let client = Client::with_options(options)
            .map_err(|_| MigrateError::Refused("the store's URL asks for what cannot be had".to_owned()))?;
        let database = client.database(&name);
        Ok(Self {
            users: database.collection("users"),
            sessions: database.collection("sessions"),
            one_time: database.collection("one_time"),
            settings: database.collection("settings"),
            database,
            calls: Calls::new(),
            connections,
            most_connections,
            entropy,
        })
    }
}

#[async_trait]
impl Store for MongoStore {
    async fn migrate(&self, now: Timestamp) -> Result<(), MigrateError> {
        migrations::migrate(self, now).await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.find_user(id).await
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        self.find_user_by_email(email).await
    }

    async fn add_user(&self, user: &User) -> Result<(), StoreError> {
        self.insert_user(user).await
    }

    async fn replace_user(&self, user: &User) -> Result<(), StoreError> {
        self.update_user(user).await
    }

    async fn add_session(&self, session: &Session) -> Result<(), StoreError> {
        self.insert_session(session).await
    }

    async fn session(&self, secret: &SecretDigest) -> Result<Option<(Session, User)>, StoreError> {
        self.find_session(secret).await
    }

    async fn session_by_id(&self, _id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
        Err(StoreError::Broken("not yet".into()))
    }

    async fn sessions_of(&self, _user: UserId, _now: Timestamp) -> Result<Vec<Session>, StoreError> {
        Err(StoreError::Broken("not yet".into()))
    }

    async fn rotate_session(&self, _rotation: &Rotation) -> Result<(), StoreError> {
        Err(StoreError::Broken("not yet".into()))
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        Err(StoreError::Broken("not yet".into()))
    }

    async fn add_signing_key(&self, _key: &SigningKey) -> Result<(), StoreError> {
        Err(StoreError::Broken("not yet".into()))
    }

    async fn remove_signing_key(&self, _id: KeyId) -> Result<(), StoreError> {
        Err(StoreError::Broken("not yet".into()))
    }

    async fn add_event(&self, _event: &Event) -> Result<(), StoreError> {
        Err(StoreError::Broken("not yet".into()))
    }

    async fn events_of(&self, _user: UserId, _most: u32) -> Result<Vec<Event>, StoreError> {
        Err(StoreError::Broken("not yet".into()))
    }

    fn changes(&self) -> Box<dyn Changes> {
        struct NotYet;
        #[async_trait]
        impl Changes for NotYet {
            async fn next(&mut self) -> Result<Vec<super::Change>, StoreError> {
                Err(StoreError::Broken("not yet".into()))
            }
        }
        Box::new(NotYet)
    }

    async fn see_session(&self, id: SessionId, seen: Seen) -> Result<(), StoreError> {
        self.update_seen(id, seen).await
    }

    async fn end_session(&self, id: SessionId, ended: Ended) -> Result<bool, StoreError> {
        self.update_ended(id, ended).await
    }

    async fn add_one_time(&self, record: &OneTime) -> Result<(), StoreError> {
        self.insert_one_time(record).await
    }

    async fn consume_one_time(
        &self,
        secret: &SecretDigest,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<OneTime>, StoreError> {
        self.take_one_time(secret, purpose, now).await
    }

    async fn probe(&self, now: Timestamp) -> Result<(), StoreError> {
        self.read_and_write(now).await
    }

    /// The TTL indexes do it.
    async fn purge(&self, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    /// Of how many there may be, not of how many are open: the latter grows and shrinks with the load.
    fn pool(&self) -> Pool {
        Pool { in_use: self.connections.at_work(), size: self.most_connections }
    }

    async fn close(&self) {
        if !self.calls.close(DEADLINE).await {
            tracing::warn!("calls to the store were still under way when it was let go of");
        }
        self.database.client().clone().shutdown().immediate(true).await;
    }
}

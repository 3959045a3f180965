//! SQLite: everything in one file, or in memory; one thread that writes and a few that read.

mod attempts;
mod calls;
mod changes;
mod columns;
mod connection;
mod errors;
mod events;
mod lane;
mod location;
mod mailbox;
mod one_time;
mod opened;
mod outlets;
mod purge;
mod rows;
mod schema;
mod sessions;
mod settings;
mod signing_keys;
mod statements;
mod transfer;
mod users;
mod vitals;

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;

use self::transfer::SqliteExport;
use super::{Added, Change, Changes, Export, MigrateError, Pool, Store, StoreError, Traffic, Vitals};
use crate::domain::{
    email::Email,
    event::{Event, EventFilter, Head},
    id::{EventId, KeyId, SessionId, UserId},
    one_time::{OneTime, Purpose},
    record::{Kind, Record},
    secret::SecretDigest,
    session::{Ended, Rotation, Seen, Session},
    signing_key::SigningKey,
    user::User,
};

pub use self::{location::Location, opened::SqliteStore};

#[async_trait]
impl Store for SqliteStore {
    async fn migrate(&self, now: Timestamp) -> Result<(), MigrateError> {
        self.writer.migrate(&self.location, now).await
    }

    async fn examine(&self) -> Result<(), MigrateError> {
        self.readers.examine(&self.location).await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.readers.read(move |connection| users::by_id(connection, id)).await
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        let email = email.clone();
        self.readers.read(move |connection| users::by_email(connection, &email)).await
    }

    async fn add_user(&self, user: &User) -> Result<(), StoreError> {
        let user = user.clone();
        self.writer.write(move |connection| users::add(connection, &user)).await
    }

    async fn add_users(&self, users: &[User]) -> Result<Vec<Added>, StoreError> {
        let users = users.to_vec();
        self.writer.write(move |connection| users::add_new(connection, &users)).await
    }

    async fn replace_user(&self, user: &User) -> Result<(), StoreError> {
        let (id, user) = (user.id(), user.clone());
        let replace = move |connection: &Connection| users::replace(connection, &user);
        if self.write_and_tell(Change::User(id), replace).await? { Ok(()) } else { Err(StoreError::Stale) }
    }

    async fn users_to_write_to(&self, now: Timestamp, most: u32) -> Result<Vec<User>, StoreError> {
        self.readers.read(move |connection| users::to_write_to(connection, now, most)).await
    }

    async fn users_to_erase(&self, now: Timestamp, most: u32) -> Result<Vec<UserId>, StoreError> {
        self.readers.read(move |connection| users::to_erase(connection, now, most)).await
    }

    async fn erase_user(&self, id: UserId, now: Timestamp) -> Result<bool, StoreError> {
        self.write_and_tell(Change::User(id), move |connection| users::erase(connection, id, now)).await
    }

    async fn forget_particulars(&self, of: UserId) -> Result<(), StoreError> {
        self.writer.write(move |connection| events::forget_particulars(connection, of)).await
    }

    async fn add_session(&self, session: &Session) -> Result<(), StoreError> {
        let session = session.clone();
        self.writer.write(move |connection| sessions::add(connection, &session)).await
    }

    async fn session(&self, secret: &SecretDigest) -> Result<Option<(Session, User)>, StoreError> {
        let secret = *secret;
        self.readers.read(move |connection| sessions::by_secret(connection, &secret)).await
    }

    async fn session_by_id(&self, id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
        self.readers.read(move |connection| sessions::by_id(connection, id)).await
    }

    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.readers.read(move |connection| sessions::of_user(connection, user, now)).await
    }

    async fn sessions_ever_of(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        self.readers.read(move |connection| sessions::ever_of_user(connection, user)).await
    }

    async fn see_session(&self, id: SessionId, seen: Seen) -> Result<(), StoreError> {
        self.writer.write(move |connection| sessions::see(connection, id, seen)).await
    }

    async fn rotate_session(&self, rotation: &Rotation) -> Result<(), StoreError> {
        let rotation = *rotation;
        let rotate = move |connection: &Connection| sessions::rotate(connection, &rotation);
        if self.write_and_tell(Change::Session(rotation.session), rotate).await? {
            Ok(())
        } else {
            Err(StoreError::Stale)
        }
    }

    async fn end_session(&self, id: SessionId, ended: Ended) -> Result<bool, StoreError> {
        self.write_and_tell(Change::Session(id), move |connection| sessions::end(connection, id, ended)).await
    }

    async fn add_one_time(&self, record: &OneTime) -> Result<(), StoreError> {
        let record = record.clone();
        self.writer.write(move |connection| one_time::add(connection, &record)).await
    }

    async fn consume_one_time(
        &self,
        secret: &SecretDigest,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<OneTime>, StoreError> {
        let secret = *secret;
        self.writer.write(move |connection| one_time::consume(connection, &secret, purpose, now)).await
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        self.readers.read(signing_keys::all).await
    }

    async fn add_signing_key(&self, key: &SigningKey) -> Result<(), StoreError> {
        let key = key.clone();
        self.writer.write(move |connection| signing_keys::add(connection, &key)).await
    }

    async fn remove_signing_key(&self, id: KeyId) -> Result<(), StoreError> {
        self.writer.write(move |connection| signing_keys::remove(connection, id)).await
    }

    async fn add_event(&self, event: &Event) -> Result<(), StoreError> {
        let event = event.clone();
        self.writer.write(move |connection| events::add(connection, &event)).await
    }

    async fn events(
        &self,
        wanted: &EventFilter,
        ids: Range<EventId>,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<Event>, StoreError> {
        let wanted = *wanted;
        self.readers.read(move |connection| events::page(connection, wanted, &ids, most, now)).await
    }

    async fn sealed_events(
        &self,
        of: Option<UserId>,
        positions: Range<u64>,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<Event>, StoreError> {
        self.readers.read(move |connection| events::sealed(connection, of, &positions, most, now)).await
    }

    async fn unsealed_events(&self, after: EventId, most: u32) -> Result<Vec<Event>, StoreError> {
        self.readers.read(move |connection| events::unsealed(connection, after, most)).await
    }

    async fn head(&self) -> Result<Option<Head>, StoreError> {
        self.readers.read(events::head).await
    }

    async fn seal_events(&self, sealed: &[Event]) -> Result<(), StoreError> {
        let sealed = sealed.to_vec();
        let seal = move |connection: &Connection| events::seal(connection, &sealed);
        if self.writer.write(seal).await? { Ok(()) } else { Err(StoreError::Stale) }
    }

    fn changes(&self) -> Box<dyn Changes> {
        Box::new(self.told.listen(&self.writer))
    }

    async fn export(&self) -> Result<Box<dyn Export>, StoreError> {
        Ok(Box::new(SqliteExport::begin(&self.readers)?))
    }

    /// Says so before anything goes, so that nobody serves from half of it. Who remembers what was there is told.
    async fn begin_import(&self, now: Timestamp) -> Result<(), StoreError> {
        let begin = move |connection: &Connection| settings::begin_import(connection, now);
        self.write_and_tell(Change::Everything, begin).await?;
        for kind in Kind::ALL {
            let remove = move |connection: &Connection| transfer::remove_some(connection, kind);
            while self.write_and_tell(Change::Everything, remove).await? {}
        }
        Ok(())
    }

    async fn import(&self, records: Vec<Record>) -> Result<(), StoreError> {
        self.writer.write(move |connection| transfer::add_all(connection, &records)).await
    }

    async fn end_import(&self, begun: Timestamp) -> Result<(), StoreError> {
        let end = move |connection: &Connection| {
            let ended = settings::end_import(connection, begun)?;
            if ended {
                outlets::go_to_the_end(connection)?;
            }
            Ok(ended)
        };
        if self.write_and_tell(Change::Everything, end).await? { Ok(()) } else { Err(StoreError::Stale) }
    }

    async fn probe(&self, now: Timestamp) -> Result<(), StoreError> {
        self.writer.write(move |connection| settings::note_probe(connection, now)).await?;
        self.readers.read(settings::schema_version).await?;
        Ok(())
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }

    async fn vitals(&self) -> Result<Vitals, StoreError> {
        let location = self.location.clone();
        self.readers.read(move |connection| vitals::look(connection, &location)).await
    }

    /// In portions, so that whoever wants to write meanwhile waits for one of them and not for all.
    async fn purge(&self, now: Timestamp) -> Result<u64, StoreError> {
        let all = [sessions::purge, one_time::purge, attempts::purge, attempts::purge_pairs, events::purge];
        self.writer.purge(&all, now).await
    }

    fn pool(&self) -> Pool {
        if Arc::ptr_eq(&self.writer, &self.readers) {
            return self.writer.pool();
        }
        let (writer, readers) = (self.writer.pool(), self.readers.pool());
        Pool { in_use: writer.in_use + readers.in_use, size: writer.size + readers.size }
    }

    fn traffic(&self) -> &Traffic {
        &self.writer.traffic
    }

    /// The writer goes last, and tidies up the file.
    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

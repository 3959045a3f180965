//! Import users: those of another system, with the hashes it made of their passwords, join those who are here.
//!
//! It may be killed anywhere and begun again: who somebody is follows from what is said of them, so a second run finds those whom
//! the first one added. Of two with one address the first stays, and the other is named.

mod lines;
mod newcomer;

use std::{
    collections::{BTreeMap, HashSet},
    pin::pin,
};

use async_trait::async_trait;
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesOrdered};
use jiff::Timestamp;

use crate::{
    domain::{
        event::{Actor, Detail, EventKind, Happening},
        user::User,
    },
    store::{Added, BATCH, BoxError, StoreError},
};

use super::{Failure, journal::Pen};

pub use crate::domain::stored_hash::Project;
pub use lines::Lines;
pub use newcomer::{Fault, Newcomer};

/// Batches that are written at once: enough for a store that answers from afar to be kept busy.
const IN_FLIGHT: usize = 4;

/// Where newcomers come from.
#[async_trait]
pub trait Source: Send {
    /// What it is called, for whoever reads one day where people came from; nothing that opens it.
    fn name(&self) -> &str;

    /// The next ones, in an order that is the same every time; nothing at the end.
    async fn next(&mut self) -> Result<Vec<Found>, BoxError>;
}

/// What stood at one place of a source.
pub struct Found {
    pub place: Place,
    pub what: Result<Newcomer, Fault>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// By its number, from one.
    Line(u64),
    /// By its id.
    Document(String),
}

#[derive(Default)]
pub struct Order {
    /// What Firebase says of the project whose hashes have a salt beside them.
    pub project: Option<Project>,
    /// Only look at them; there need be no store.
    pub dry_run: bool,
    /// Addresses of which nothing else is said are taken as verified.
    pub verified: bool,
}

/// Somebody who was not added, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub place: Place,
    pub fault: Fault,
    /// Where it is somebody else's.
    pub email: Option<String>,
}

/// How many there were.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub read: u64,
    pub added: u64,
    /// Of those, or in a dry run of those who might be, without a verified address.
    pub unverified: u64,
    /// Added by an earlier run.
    pub before: u64,
    pub duplicates: u64,
    pub refused: u64,
    /// Of each algorithm, those that are none of the refused.
    pub kinds: BTreeMap<&'static str, u64>,
}

/// Whoever wants to hear of it while it goes on.
pub trait Witness: Send {
    fn read(&mut self, so_far: u64);
    fn refused(&mut self, refusal: &Refusal);
}

#[derive(Debug, thiserror::Error)]
pub enum NotImported {
    #[error("they cannot be read: {0}")]
    Unread(BoxError),
}

/// `pen` is `None` for a dry run.
pub async fn import_users(
    pen: Option<Pen<'_>>,
    now: Timestamp,
    source: &mut dyn Source,
    order: &Order,
    witness: &mut dyn Witness,
) -> Result<Tally, Failure<NotImported>> {
    let (tally, window, from) = (Tally::default(), Window::default(), Detail::of(source.name()));
    let mut import = Import { pen, from, tally, witness, window, is_written_down: false };
    loop {
        let found = import.next_of(source).await?;
        if found.is_empty() {
            break;
        }
        for Found { place, what } in found {
            import.tally.read += 1;
            match what.and_then(|newcomer| newcomer.into_user(order, now)) {
                Ok(user) => import.take(place, user).await?,
                Err(fault) => import.refuse(&Refusal { place, fault, email: None }),
            }
        }
        import.witness.read(import.tally.read);
    }
    import.write_all().await?;
    Ok(import.tally)
}

struct Import<'a> {
    pen: Option<Pen<'a>>,
    from: Option<Detail>,
    tally: Tally,
    witness: &'a mut dyn Witness,
    window: Window<'a>,
    is_written_down: bool,
}

/// Those who are on their way to the store.
#[derive(Default)]
struct Window<'a> {
    batch: Batch,
    flying: FuturesOrdered<BoxFuture<'a, Landed>>,
    /// All of theirs, no two alike.
    addresses: HashSet<String>,
}

/// Each beside where they stood.
#[derive(Default)]
struct Batch {
    places: Vec<Place>,
    users: Vec<User>,
}

type Landed = (Batch, Result<Vec<Added>, StoreError>);

impl Import<'_> {
    /// What is on its way goes on meanwhile, however long a source takes.
    async fn next_of(&mut self, source: &mut dyn Source) -> Result<Vec<Found>, Failure<NotImported>> {
        let mut next = pin!(source.next());
        loop {
            tokio::select! {
                biased;
                Some(landed) = self.window.flying.next() => self.land(landed)?,
                found = &mut next => return found.map_err(|error| Failure::Refused(NotImported::Unread(error))),
            }
        }
    }

    /// Whoever has the address of somebody who is still on their way waits for them, so that the first stays the first.
    async fn take(&mut self, place: Place, user: User) -> Result<(), Failure<NotImported>> {
        *self.tally.kinds.entry(user.hash().kind()).or_default() += 1;
        if self.pen.is_none() {
            self.note_unverified(&user);
            return Ok(());
        }
        let address = user.attrs().email.canonical().to_owned();
        if self.window.addresses.contains(&address) {
            self.write_all().await?;
        }
        self.window.addresses.insert(address);
        self.window.batch.places.push(place);
        self.window.batch.users.push(user);
        if self.window.batch.users.len() >= BATCH {
            self.write().await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), Failure<NotImported>> {
        let batch = std::mem::take(&mut self.window.batch);
        if let (Some(pen), false) = (self.pen, batch.users.is_empty()) {
            self.write_down(pen).await?;
            let store = pen.store;
            self.window.flying.push_back(Box::pin(async move {
                let added = store.add_users(&batch.users).await;
                (batch, added)
            }));
        }
        while self.window.flying.len() >= IN_FLIGHT {
            let Some(landed) = self.window.flying.next().await else { break };
            self.land(landed)?;
        }
        Ok(())
    }

    /// Before anybody is added: whatever breaks off then, it is known who came with them.
    async fn write_down(&mut self, pen: Pen<'_>) -> Result<(), Failure<NotImported>> {
        if !self.is_written_down {
            let set_about = Happening::by(Actor::Operator, EventKind::UsersImported);
            pen.noted(set_about.in_detail(self.from.clone())).await?;
            self.is_written_down = true;
        }
        Ok(())
    }

    async fn write_all(&mut self) -> Result<(), Failure<NotImported>> {
        self.write().await?;
        while let Some(landed) = self.window.flying.next().await {
            self.land(landed)?;
        }
        Ok(())
    }

    fn land(&mut self, (batch, added): Landed) -> Result<(), Failure<NotImported>> {
        for ((place, user), added) in batch.places.into_iter().zip(batch.users).zip(added?) {
            let email = &user.attrs().email;
            self.window.addresses.remove(email.canonical());
            match added {
                Added::New => {
                    self.tally.added += 1;
                    self.note_unverified(&user);
                }
                Added::Before => self.tally.before += 1,
                Added::Taken => {
                    let email = Some(email.original().to_owned());
                    self.refuse(&Refusal { place, fault: Fault::Duplicate, email });
                }
            }
        }
        Ok(())
    }

    fn note_unverified(&mut self, user: &User) {
        self.tally.unverified += u64::from(user.attrs().email_verified_at.is_none());
    }

    fn refuse(&mut self, refusal: &Refusal) {
        match refusal.fault {
            Fault::Duplicate => self.tally.duplicates += 1,
            _ => self.tally.refused += 1,
        }
        self.witness.refused(refusal);
    }
}

#[cfg(test)]
mod tests;

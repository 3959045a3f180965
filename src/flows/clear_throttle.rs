//! Clear a throttle: what an operator does for somebody whom others have shut out.

use std::{convert::Infallible, net::IpAddr};

use jiff::Timestamp;

pub use crate::domain::email::Email;
use crate::{
    domain::{
        device::{network, network_in_words},
        event::{Actor, Detail, EventKind, Happening},
        id::UserId,
        secret::SecretDigest,
        throttle::Tally,
    },
    store::{Store, StoreError},
    system::vault::Vault,
};

use super::{
    Failure,
    journal::{self, Pen},
    throttle,
};

/// Whom to let try again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    Everybody,
    /// Whoever tries the password of an address, which need not be anybody's.
    Address(Email),
    /// Whoever comes from the network of this one.
    Network(IpAddr),
}

/// Begins the counts anew, and says how many there were.
pub async fn clear_throttle(pen: Pen<'_>, whom: &Whom) -> Result<u64, Failure<Infallible>> {
    let (store, vault, now) = (pen.store, pen.vault, pen.clock.now());
    let done = Happening::by(Actor::Operator, EventKind::ThrottleCleared).in_detail(whom.in_words());
    let (owner, done) = match whom {
        Whom::Address(email) => match store.user_by_email(email).await? {
            Some(user) => (Some(user.id()), done.to(user.id())),
            None => (None, done.about(journal::subject(vault, email))),
        },
        Whom::Everybody | Whom::Network(_) => (None, done),
    };
    let cleared = forget_all(store, vault, whom, owner, now).await?;
    pen.did(done).await?;
    Ok(cleared)
}

async fn forget_all(
    store: &dyn Store,
    vault: &Vault,
    whom: &Whom,
    owner: Option<UserId>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let (mut after, mut cleared) = (None, 0);
    loop {
        let tallies = store.tallies(after, now).await?;
        let Some(last) = tallies.last() else { return Ok(cleared) };
        after = Some(last.digest);
        let meant = tallies.iter().filter(|tally| whom.means(vault, tally, owner));
        let meant: Vec<_> = meant.map(|tally| tally.digest).collect();
        cleared += forget(store, &meant).await?;
    }
}

async fn forget(store: &dyn Store, meant: &[SecretDigest]) -> Result<u64, StoreError> {
    if !meant.is_empty() {
        store.forget_tries(meant).await?;
    }
    Ok(meant.len() as u64)
}

impl Whom {
    /// Which address it is stands beside it, and tells nothing of one that is nobody's.
    fn in_words(&self) -> Option<Detail> {
        match self {
            Self::Everybody => Detail::of("everybody"),
            Self::Address(_) => Detail::of("an address"),
            Self::Network(address) => Detail::of(network_in_words(*address)),
        }
    }

    fn means(&self, vault: &Vault, tally: &Tally, owner: Option<UserId>) -> bool {
        let counted = match self {
            Self::Everybody => return true,
            Self::Address(_) | Self::Network(_) => throttle::read(vault, tally),
        };
        counted.is_some_and(|counted| match self {
            Self::Everybody => true,
            Self::Address(email) => {
                counted.address() == Some(email.canonical()) || owner.is_some() && counted.user() == owner
            }
            Self::Network(address) => counted.network() == Some(network(*address)),
        })
    }
}

//! Change a user: what an operator does to somebody's account, whoever else writes to it at the same time.

use std::str::FromStr;

use uuid::Uuid;

use crate::{
    domain::{
        clock::Clock,
        email::Email,
        id::UserId,
        user::{Role, User},
    },
    store::{Store, StoreError},
};

use super::Failure;

pub use crate::domain::user::{InvalidRole, Status};

/// Whose account it is.
#[derive(Clone, Debug)]
pub enum Whom {
    Id(UserId),
    Address(Email),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither an address nor the id of a user")]
pub struct Nobody;

#[derive(Clone, Debug)]
pub enum Change {
    Disable,
    Enable,
    /// These roles are given, and those taken.
    Roles {
        give: Vec<Role>,
        take: Vec<Role>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotChanged {
    #[error("there is no such user")]
    Unknown,
    #[error("a user may have {MOST_ROLES} roles at most")]
    TooManyRoles,
}

/// They are in every access token.
const MOST_ROLES: usize = 32;

/// How often somebody else may change the user first.
const ATTEMPTS: usize = 5;

/// As the user is now, and whether that was not so before.
pub async fn change_user(
    store: &dyn Store,
    clock: &dyn Clock,
    whom: &Whom,
    change: &Change,
) -> Result<(User, bool), Failure<NotChanged>> {
    for _ in 0..ATTEMPTS {
        let user = find_user(store, whom).await?.ok_or(Failure::Refused(NotChanged::Unknown))?;
        let Some(changed) = changed(&user, change, clock)? else { return Ok((user, false)) };
        match store.replace_user(&changed).await {
            Err(StoreError::Stale) => {}
            replaced => {
                replaced?;
                return Ok((changed.written(), true));
            }
        }
    }
    Err(Failure::Raced)
}

pub(super) async fn find_user(store: &dyn Store, whom: &Whom) -> Result<Option<User>, StoreError> {
    match whom {
        Whom::Id(id) => store.user(*id).await,
        Whom::Address(email) => store.user_by_email(email).await,
    }
}

/// `None` where there is nothing to change.
fn changed(user: &User, change: &Change, clock: &dyn Clock) -> Result<Option<User>, Failure<NotChanged>> {
    let now = clock.now();
    Ok(match change {
        Change::Disable => user.is_active().then(|| user.clone().disable(now)),
        Change::Enable => (!user.is_active()).then(|| user.clone().enable(now)),
        Change::Roles { give, take } => {
            let old = &user.attrs().roles;
            let mut roles: Vec<_> =
                old.iter().chain(give).filter(|role| !take.contains(role)).cloned().collect();
            roles.sort();
            roles.dedup();
            if roles.len() > MOST_ROLES {
                return Err(Failure::Refused(NotChanged::TooManyRoles));
            }
            (roles != *old).then(|| user.clone().with_roles(roles, now))
        }
    })
}

impl FromStr for Whom {
    type Err = Nobody;

    fn from_str(text: &str) -> Result<Self, Nobody> {
        if let Ok(id) = Uuid::try_parse(text) {
            return Ok(Self::Id(UserId::from_uuid(id)));
        }
        Email::try_from(text).map(Self::Address).map_err(|_| Nobody)
    }
}

//! Change a user: what an operator does to somebody's account, whoever else writes to it at the same time.

use crate::{
    domain::{
        clock::Clock,
        event::{Actor, Detail, EventKind, Happening},
        user::{Role, User},
    },
    store::StoreError,
};

use super::{
    ATTEMPTS, Failure,
    find_user::{NoSuchUser, Whom, find_user},
    journal::Pen,
};

pub use crate::domain::user::{InvalidRole, Status};

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

impl Change {
    const fn kind(&self) -> EventKind {
        match self {
            Self::Disable => EventKind::UserDisabled,
            Self::Enable => EventKind::UserEnabled,
            Self::Roles { .. } => EventKind::RolesChanged,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotChanged {
    #[error(transparent)]
    Unknown(#[from] NoSuchUser),
    #[error("a user may have {MOST_ROLES} roles at most")]
    TooManyRoles,
}

/// They are in every access token.
pub(super) const MOST_ROLES: usize = 32;

/// As the user is now, and whether that was not so before.
pub async fn change_user(
    pen: Pen<'_>,
    whom: &Whom,
    change: &Change,
) -> Result<(User, bool), Failure<NotChanged>> {
    for _ in 0..ATTEMPTS {
        let found = find_user(pen.store, whom).await;
        let user = found.map_err(|failure| failure.refused_by(NotChanged::Unknown))?;
        let Some(changed) = changed(&user, change, pen.clock)? else { return Ok((user, false)) };
        match pen.store.replace_user(&changed).await {
            Err(StoreError::Stale) => {}
            replaced => {
                replaced?;
                let done = Happening::by(Actor::Operator, change.kind()).to(user.id());
                pen.did(done.in_detail(in_effect(&user, &changed))).await?;
                return Ok((changed.written(), true));
            }
        }
    }
    Err(Failure::Raced)
}

/// The roles that were given and taken.
fn in_effect(before: &User, after: &User) -> Option<Detail> {
    let (before, after) = (&before.attrs().roles, &after.attrs().roles);
    let given = after.iter().filter(|role| !before.contains(role)).map(|role| format!("+{role}"));
    let taken = before.iter().filter(|role| !after.contains(role)).map(|role| format!("-{role}"));
    let mut roles: Vec<_> = given.chain(taken).collect();
    roles.sort();
    roles.dedup();
    Detail::of(roles.join(" "))
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

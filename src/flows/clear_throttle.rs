//! Clear a throttle: what an operator does for somebody whom others have shut out.

use std::convert::Infallible;

pub use crate::domain::email::Email;
use crate::{
    domain::event::{Actor, EventKind, Happening},
    system::vault::Vault,
};

use super::{
    Failure,
    journal::{self, Pen},
    throttle,
};

/// The tries at an address count no more, whoever made them; nor those of its owner at their own password, where it is somebody's.
pub async fn clear_throttle(pen: Pen<'_>, vault: &Vault, email: &Email) -> Result<(), Failure<Infallible>> {
    let mut names = vec![throttle::of_strangers(vault, email)];
    let cleared = Happening::by(Actor::Operator, EventKind::ThrottleCleared);
    let cleared = if let Some(user) = pen.store.user_by_email(email).await? {
        names.push(throttle::of_owner(vault, user.id()));
        cleared.to(user.id())
    } else {
        cleared.about(journal::subject(vault, email))
    };
    pen.store.forget_tries(&names).await?;
    pen.did(cleared).await
}

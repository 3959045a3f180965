//! Clear a throttle: what an operator does for somebody whom others have shut out.

use std::convert::Infallible;

pub use crate::domain::email::Email;
use crate::{store::Store, system::vault::Vault};

use super::{Failure, throttle};

/// The tries at an address count no more, whoever made them; nor those of its owner at their own password, where it is somebody's.
pub async fn clear_throttle(
    store: &dyn Store,
    vault: &Vault,
    email: &Email,
) -> Result<(), Failure<Infallible>> {
    let mut names = vec![throttle::of_strangers(vault, email)];
    names.extend(store.user_by_email(email).await?.map(|user| throttle::of_owner(vault, user.id())));
    Ok(store.forget_tries(&names).await?)
}

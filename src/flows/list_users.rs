//! List the users: all that there are, as they were at one moment.

use std::convert::Infallible;

use crate::{domain::record::Record, store::Store};

use super::Failure;

pub use crate::domain::user::{Role, User};

/// Which of them; by default all.
#[derive(Debug, Default)]
pub struct Which {
    pub role: Option<Role>,
    pub disabled: bool,
    pub leaving: bool,
}

/// Shows each of them, in the order in which they came. However many there are, only a few are held at a time.
pub async fn list_users(
    store: &dyn Store,
    which: &Which,
    show: &mut (dyn FnMut(&User) + Send),
) -> Result<(), Failure<Infallible>> {
    let mut export = store.export().await?;
    loop {
        let records = export.next().await?;
        if records.is_empty() {
            return Ok(());
        }
        for record in &records {
            // They come before everything else.
            let Record::User(user) = record else { return Ok(()) };
            if which.has(user) {
                show(user);
            }
        }
    }
}

impl Which {
    fn has(&self, user: &User) -> bool {
        self.role.as_ref().is_none_or(|role| user.attrs().roles.contains(role))
            && !(self.disabled && user.is_active())
            && (!self.leaving || user.is_leaving())
    }
}

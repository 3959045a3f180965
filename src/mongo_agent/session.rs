//! Signed in as ourselves: with the password of today, the one of before, or the one that worked last.

use std::path::Path;

use mongodb::bson::doc;

use super::{
    mongod::Mongod,
    names::Host,
    passwords::{NoPassword, Password},
    trouble::Trouble,
    users::User,
};

pub(super) struct Session {
    pub(super) mongod: Mongod,
    password: Password,
}

/// Why we are not signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoSession {
    #[error(transparent)]
    NoPassword(#[from] NoPassword),
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl NoSession {
    /// Whether the server heard us and does not know us so.
    pub(super) const fn is_refusal(&self) -> bool {
        matches!(self, Self::Trouble(Trouble::SignIn))
    }
}

impl Session {
    /// `last` is what worked before, here or elsewhere: whoever changes the file need not keep the old password beside it
    /// while one agent lives that knows it.
    pub(super) async fn open(
        host: &Host,
        ca: Option<&Path>,
        folder: &Path,
        last: Option<&Password>,
    ) -> Result<Self, NoSession> {
        let today = Password::of(User::Agent, folder);
        let fallback = today.as_ref().err().cloned();
        let candidates = [today.ok(), Password::previous(folder), last.cloned()];
        let mut refused = None;
        for password in candidates.into_iter().flatten() {
            let mongod = Mongod::as_user(host, ca, User::Agent, &password)?;
            match mongod.run(doc! { "ping": 1 }).await {
                Ok(_) => return Ok(Self { mongod, password }),
                Err(Trouble::SignIn) => refused = Some(Trouble::SignIn),
                Err(trouble) => return Err(trouble.into()),
            }
        }
        Err(match (refused, fallback) {
            (_, Some(no_password)) => no_password.into(),
            (refused, None) => refused.unwrap_or(Trouble::SignIn).into(),
        })
    }

    pub(super) const fn password(&self) -> &Password {
        &self.password
    }

    /// Whether it was opened with what the file says today; a file that cannot be read says nothing else.
    pub(super) fn is_of_today(&self, folder: &Path) -> bool {
        Password::of(User::Agent, folder).map_or(true, |today| today == self.password)
    }
}

//! Mint an access token: what a session is good for, written down for services that never ask us.

use crate::domain::{
    access_token::{AccessToken, Claims},
    session::Session,
    user::User,
};

use super::{Failure, Services};

impl Services {
    /// For a session that was found to hold a moment ago.
    pub fn mint<R>(&self, user: &User, session: &Session) -> Result<AccessToken, Failure<R>> {
        let claims = Claims::new(&self.rules.tokens, user, session, self.clock.now(), &*self.entropy)?;
        Ok(self.keys.sign(&claims)?)
    }
}

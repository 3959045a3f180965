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
        self.issue(user, session).map(|(_, token)| token)
    }

    /// The same, with what the token says.
    pub(super) fn issue<R>(
        &self,
        user: &User,
        session: &Session,
    ) -> Result<(Claims, AccessToken), Failure<R>> {
        let claims = Claims::new(&self.rules.tokens, user, session, self.clock.now(), &*self.entropy)?;
        let token = self.keys.sign(&claims)?;
        Ok((claims, token))
    }
}

//! Find a user: by their address or their id, as an operator names them.

use std::str::FromStr;

use uuid::Uuid;

use crate::{
    domain::{email::Email, id::UserId, user::User},
    store::Store,
};

use super::Failure;

/// Whose account it is.
#[derive(Clone, Debug)]
pub enum Whom {
    Id(UserId),
    Address(Email),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither an address nor the id of a user")]
pub struct Nobody;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such user")]
pub struct NoSuchUser;

pub async fn find_user(store: &dyn Store, whom: &Whom) -> Result<User, Failure<NoSuchUser>> {
    let found = match whom {
        Whom::Id(id) => store.user(*id).await?,
        Whom::Address(email) => store.user_by_email(email).await?,
    };
    found.ok_or(Failure::Refused(NoSuchUser))
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

//! Change the address: whoever knows the password asks for it, and it happens once the new address has proved to be theirs.

use std::net::IpAddr;

use crate::domain::{challenge::Purpose, email::Email, letter::LetterKind, password::Candidate, user::User};

use super::{Failure, Services, forgot_password::heard_or_not, memory::Remembered, post::Asked};

pub struct ChangeEmail {
    pub email: Email,
    pub password: Candidate,
    pub from: Option<IpAddr>,
}

/// Why somebody who is signed in may not do what takes their password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OwnerRefusal {
    /// The session that asks has itself ended since it was recognised.
    #[error("the session that asks has ended")]
    SignedOut,
    #[error("the password is another")]
    InvalidCredentials,
}

/// Nobody learns by it whether the new address is somebody's already: that one is told instead.
pub async fn change_email(
    services: &Services,
    caller: &Remembered,
    wish: ChangeEmail,
) -> Result<(), Failure<OwnerRefusal>> {
    let ChangeEmail { email, password, from } = wish;
    let user = services.owner(caller, password, from).await?;
    if !services.may_ask_addresses(user.id()).await? || !services.may_write_to(&email, Asked::Address).await?
    {
        return Ok(());
    }
    let owner = services.store.user_by_email(&email).await?.filter(|other| other.id() != user.id());
    ask_the_new_address(services, user, &email, owner.is_none()).await?;
    match owner {
        Some(owner) => services.tell_of_a_taken_address(owner).await,
        None => Ok(services.write_to_nobody(&email).await?),
    }
}

/// Whoever changed the password meanwhile has not agreed to this. Where the address is somebody's, the challenge is there all the
/// same, for whoever looks, and nobody gets its token.
async fn ask_the_new_address(
    services: &Services,
    user: User,
    email: &Email,
    by_letter: bool,
) -> Result<(), Failure<OwnerRefusal>> {
    let (challenge, letter) = services.challenge(user.id(), Purpose::Move, email)?;
    let checked = user.hash().clone();
    services
        .change(user, |user| {
            if *user.hash() != checked {
                return Err(Failure::Raced);
            }
            let now = services.clock.now();
            Ok(Some(if by_letter {
                user.challenge(challenge.clone(), letter.clone(), now)
            } else {
                user.challenge_in_vain(challenge.clone(), now)
            }))
        })
        .await
}

impl Services {
    /// Whoever asks, as the store has them now, if this is their password.
    pub(super) async fn owner(
        &self,
        caller: &Remembered,
        password: Candidate,
        from: Option<IpAddr>,
    ) -> Result<User, Failure<OwnerRefusal>> {
        self.hashing.has_room(self.rules.cost, from)?;
        let user = self.as_it_is(caller).await?.ok_or(Failure::Refused(OwnerRefusal::SignedOut))?;
        if self.matches(&password, &user, user.hash(), from).await? {
            Ok(user)
        } else {
            Err(Failure::Refused(OwnerRefusal::InvalidCredentials))
        }
    }

    /// The owner of an address hears that somebody else wants it, and that one hears nothing.
    pub(super) async fn tell_of_a_taken_address<R>(&self, owner: User) -> Result<(), Failure<R>> {
        let letter = self.notice(LetterKind::Taken, &owner.attrs().email)?;
        heard_or_not(self.change(owner, |owner| Ok(Some(owner.write_to(letter.clone())))).await)
    }
}

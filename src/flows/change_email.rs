//! Change the address: whoever knows the password asks for it, and it happens once the new address has proved to be theirs.

use crate::domain::{
    challenge::Purpose,
    email::Email,
    event::{Circumstances, EventKind, Happening},
    password::Candidate,
    throttle::About,
    user::User,
};

use super::{Failure, Services, check_password::OwnerRefusal, memory::Remembered};

pub struct ChangeEmail {
    pub email: Email,
    pub password: Candidate,
    pub from: Circumstances,
}

/// Nobody learns by it whether the new address is somebody's already: that one is told instead.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn change_email(
    services: &Services,
    caller: &Remembered,
    wish: ChangeEmail,
) -> Result<(), Failure<OwnerRefusal>> {
    let ChangeEmail { email, password, from } = wish;
    let user = services.owner(caller, password, &from).await?;
    services.ask_an_address(user.id()).await?;
    // How often others ask this address is nothing to tell.
    if !services.may_write_to(&email, About::Address).await? {
        return Ok(());
    }
    let owner = services.store.user_by_email(&email).await?.filter(|other| other.id() != user.id());
    let asked = Happening::by_user(EventKind::EmailChangeAsked, user.id(), &from);
    ask_the_new_address(services, user, &email, owner.is_none()).await?;
    services.did(asked.of_session(caller.session.id)).await?;
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

//! Sign up: an address and a password become a user, who is signed in at once, or told by mail how to go on.

use crate::domain::{
    challenge::Purpose,
    email::Email,
    event::{Circumstances, EventKind, Happening, Reason},
    id::UserId,
    letter::LetterKind,
    policy::{NewPassword, SignUpAnswer},
    throttle::About,
    user::{User, UserAttrs},
};

use super::{Arrival, Failure, Services, SignedIn, post::heard_or_not, throttle::Asking};
use crate::store::StoreError;

pub struct SignUp {
    pub email: Email,
    pub password: NewPassword,
    pub arrival: Arrival,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignUpRefusal {
    #[error("the address is somebody's")]
    EmailInUse,
}

/// `None` where there is nothing to say but by mail. The unique index decides who gets the address; nobody looks first.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn sign_up(services: &Services, wish: SignUp) -> Result<Option<SignedIn>, Failure<SignUpRefusal>> {
    let SignUp { email, password, arrival } = wish;
    let network = arrival.from.network;
    services.hashing.has_room(services.rules.cost, network)?;
    let spent = services.spend_from_budget(Asking::SignUp, &arrival.from).await?;
    let hash = match services.hash(password.into_candidate(), network).await {
        Err(failure) => return Err(services.take_back(spent, failure).await),
        Ok(hash) => hash,
    };
    let now = services.clock.now();
    let id = UserId::new(now, &*services.entropy)?;
    let user = ask_to_verify(services, User::build(UserAttrs::new(id, email.clone(), hash, now)))?;

    let added = services.store.add_user(&user).await;
    if services.rules.sign_up == SignUpAnswer::Neutral {
        return answer_by_mail(services, &email, id, &arrival.from, added).await.map(|()| None);
    }
    match added {
        Err(StoreError::Taken) => {
            services.noted(taken(services, &email, &arrival.from)).await?;
            return Err(Failure::Refused(SignUpRefusal::EmailInUse));
        }
        added => added?,
    }
    services.meters.sign_ups.add_one();
    services.post.bell.notify_one();
    services.did(Happening::by_user(EventKind::SignedUp, id, &arrival.from)).await?;
    let begun = services.begin_session(user, arrival).await.map_err(after_the_user_was_added)?;
    begun.map(Some).ok_or(Failure::Raced)
}

/// Nobody may be told by an event whose it is that has this address.
fn taken(services: &Services, email: &Email, from: &Circumstances) -> Happening {
    let refused = Happening::by_anyone(EventKind::SignUpRefused, from);
    refused.because(Reason::AddressTaken).about(services.subject(email))
}

/// Once for each account, so that no limit is asked.
fn ask_to_verify(services: &Services, user: User) -> Result<User, Failure<SignUpRefusal>> {
    if services.post.mailer.is_none() {
        return Ok(user);
    }
    let to = user.attrs().email.clone();
    let (challenge, letter) = services.challenge(user.id(), Purpose::Verify, &to)?;
    Ok(user.challenge(challenge, letter, services.clock.now()))
}

/// Whether the address was free or not: the same work, and the rest is in the mail.
async fn answer_by_mail(
    services: &Services,
    email: &Email,
    id: UserId,
    from: &Circumstances,
    added: Result<(), StoreError>,
) -> Result<(), Failure<SignUpRefusal>> {
    if !matches!(added, Err(StoreError::Taken)) {
        added?;
        services.meters.sign_ups.add_one();
        services.post.bell.notify_one();
        services.did(Happening::by_user(EventKind::SignedUp, id, from)).await?;
        return say_nothing(services, email).await.map_err(after_the_user_was_added);
    }
    services.noted(taken(services, email, from)).await?;
    // For what a newcomer's account costs to write.
    services.write_to_nobody(email).await?;
    let may_write = services.may_write_to(email, About::Address).await?;
    match services.store.user_by_email(email).await?.filter(|_| may_write) {
        Some(owner) if owner.attrs().email_verified_at.is_none() => help_to_verify(services, owner).await,
        Some(owner) => services.tell_of_a_taken_address(owner).await,
        None => Ok(services.write_to_nobody(email).await?),
    }
}

/// As much work as to tell an owner.
async fn say_nothing(services: &Services, email: &Email) -> Result<(), Failure<SignUpRefusal>> {
    services.may_write_to(email, About::Address).await?;
    services.store.user_by_email(email).await?;
    Ok(services.write_to_nobody(email).await?)
}

/// Whoever has not proved the address may be anybody, and cannot sign in; whoever can is who reads mail there, and their password is
/// the one that they choose by it.
async fn help_to_verify(services: &Services, owner: User) -> Result<(), Failure<SignUpRefusal>> {
    let to = owner.attrs().email.clone();
    let changed = services.change(owner, |owner| {
        let (challenge, letter) =
            services.challenge_by(owner.id(), Purpose::Reset, LetterKind::SignedUpAgain, &to)?;
        Ok(Some(owner.challenge(challenge, letter, services.clock.now())))
    });
    heard_or_not(changed.await)
}

/// The account exists by now, so a failure may no longer claim that nothing happened.
fn after_the_user_was_added(failure: Failure<SignUpRefusal>) -> Failure<SignUpRefusal> {
    match failure {
        Failure::Unavailable(source) => Failure::OutcomeUnknown(source),
        other => other,
    }
}

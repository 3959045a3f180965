//! Sign in: an address and its password become a session.

use std::net::IpAddr;

use crate::{
    domain::{
        clock::random,
        email::Email,
        event::{Circumstances, EventKind, Happening, Reason},
        password::Candidate,
        stored_hash::{Derived, Recipe},
        user::User,
    },
    system::hashing::Refused,
};

use super::{Arrival, Failure, Services, SignedIn, meters::SignInOutcome, throttle::Tried};

pub struct SignIn {
    pub email: Email,
    pub password: Candidate,
    pub arrival: Arrival,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefusal {
    /// Unknown address, wrong password or disabled account: nobody outside may tell them apart.
    #[error("invalid credentials")]
    InvalidCredentials,
}

/// What came of looking at a password.
enum Looked {
    Right(Box<User>),
    Wrong(Box<Happening>),
}

/// An unknown address, a wrong password and a disabled account cost the same hash and get the same answer.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn sign_in(services: &Services, wish: Box<SignIn>) -> Result<SignedIn, Failure<SignInRefusal>> {
    let done = go_through(services, wish).await;
    services.meters.sign_ins.add_one(SignInOutcome::of(&done));
    done
}

async fn go_through(services: &Services, wish: Box<SignIn>) -> Result<SignedIn, Failure<SignInRefusal>> {
    let from = wish.arrival.from.network;
    services.hashing.has_room(services.rules.cost, from)?;
    let tried = services.try_password(&wish.email, from, &wish.arrival.known).await?;
    match look(services, &wish, from).await {
        // Thousands may wait for their hash: what comes after it takes its memory only then.
        Ok(Looked::Right(user)) => Box::pin(welcome(services, *user, *wish, tried)).await,
        Ok(Looked::Wrong(failed)) => Box::pin(refuse(services, *failed, tried.next_waits)).await,
        Err(failure) => Err(Box::pin(services.take_back(tried, failure)).await),
    }
}

async fn look(
    services: &Services,
    wish: &SignIn,
    from: Option<IpAddr>,
) -> Result<Looked, Failure<SignInRefusal>> {
    let found = services.store.user_by_email(&wish.email).await?;
    let Some(user) = found else {
        let derived = pay_the_usual_price(services, wish, from).await?;
        let failed = failed(wish, Reason::UnknownAddress).about(services.subject(&wish.email));
        return Box::pin(wrong(services, wish, &derived, failed)).await;
    };
    let derived = match services
        .hashing
        .derive(wish.password.clone(), user.hash().recipe().clone(), from)
        .await
    {
        Err(Refused::TooDear) => {
            tracing::error!(user = %user.id(), algorithm = %user.hash().recipe().algorithm, "no memory to check a stored hash");
            let derived = pay_the_usual_price(services, wish, from).await?;
            let failed = failed(wish, Reason::WrongPassword).to(user.id());
            return Box::pin(wrong(services, wish, &derived, failed)).await;
        }
        derived => derived?,
    };
    let why_not =
        if user.hash().matches(&derived) { why_not(services, &user) } else { Some(Reason::WrongPassword) };
    let Some(reason) = why_not else { return Ok(Looked::Right(Box::new(user))) };
    pay_the_rest(services, &user, wish, from).await?;
    Box::pin(wrong(services, wish, &derived, failed(wish, reason).to(user.id()))).await
}

/// The same work whatever was wrong.
async fn wrong(
    services: &Services,
    wish: &SignIn,
    derived: &Derived,
    failed: Happening,
) -> Result<Looked, Failure<SignInRefusal>> {
    services.note_wrong(&wish.email, derived, &wish.arrival.from).await?;
    Ok(Looked::Wrong(Box::new(failed)))
}

/// Somebody has typed the right password.
async fn welcome(
    services: &Services,
    user: User,
    wish: SignIn,
    tried: Tried,
) -> Result<SignedIn, Failure<SignInRefusal>> {
    services.forget(tried).await?;
    let user = if user.is_leaving() { come_back(services, user, &wish.arrival.from).await? } else { user };
    let user = renew(services, user, wish.password, wish.arrival.from.network).await?;
    let (id, from) = (user.id(), wish.arrival.from.clone());
    if let Some(signed_in) = services.begin_session(user, wish.arrival).await? {
        return Ok(signed_in);
    }
    let changed = Happening::by_anyone(EventKind::SignInFailed, &from).because(Reason::Changed);
    refuse(services, changed.to(id), false).await
}

/// Why somebody may not sign in who knows the password. Where nobody is told that an address was free, whoever could sign in at once
/// would know.
fn why_not(services: &Services, user: &User) -> Option<Reason> {
    let has_proved = user.attrs().email_verified_at.is_some();
    let must_prove = services.rules.sign_up.asks_for_proof();
    if !user.is_active() {
        Some(Reason::Disabled)
    } else if user.is_gone(services.clock.now()) {
        Some(Reason::Left)
    } else {
        (must_prove && !has_proved).then_some(Reason::Unverified)
    }
}

fn failed(wish: &SignIn, reason: Reason) -> Happening {
    Happening::by_anyone(EventKind::SignInFailed, &wish.arrival.from).because(reason)
}

/// As many writes whatever the reason, so that none of them takes another time.
async fn refuse(
    services: &Services,
    failed: Happening,
    next_waits: bool,
) -> Result<SignedIn, Failure<SignInRefusal>> {
    services.noted(failed.clone()).await?;
    if next_waits {
        services.noted(failed.leads_to(EventKind::Throttled)).await?;
    }
    Err(Failure::Refused(SignInRefusal::InvalidCredentials))
}

/// Whoever had left stays after all.
async fn come_back(
    services: &Services,
    user: User,
    from: &Circumstances,
) -> Result<User, Failure<SignInRefusal>> {
    let (id, checked) = (user.id(), user.hash().clone());
    let stay = |user: User| {
        if *user.hash() != checked {
            return Err(Failure::Raced);
        }
        Ok(user.is_leaving().then(|| user.come_back(services.clock.now())))
    };
    services.change(user, stay).await?;
    services.did(Happening::by_user(EventKind::UserReturned, id, from)).await?;
    tracing::info!(user = %id, "somebody who had left came back");
    // Another password may have been chosen since.
    let user = services.store.user(id).await?.filter(|user| *user.hash() == checked);
    user.ok_or(Failure::Refused(SignInRefusal::InvalidCredentials))
}

/// Computes a hash that nothing is compared with, so that time does not tell who has an account.
async fn pay_the_usual_price(
    services: &Services,
    wish: &SignIn,
    from: Option<IpAddr>,
) -> Result<Derived, Failure<SignInRefusal>> {
    // The same for the same address, so that the same password tried twice is the same pair.
    let salt = services.vault.fingerprint("decoy", wish.email.canonical());
    let decoy = Recipe::new(services.rules.cost, salt.first());
    Ok(services.hashing.derive(wish.password.clone(), decoy, from).await?)
}

/// A hash cheaper than today's has not cost the usual price yet: the rest of it is computed for nothing.
async fn pay_the_rest(
    services: &Services,
    user: &User,
    wish: &SignIn,
    from: Option<IpAddr>,
) -> Result<(), Failure<SignInRefusal>> {
    if let Some(rest) = user.hash().recipe().algorithm.rest_of(services.rules.cost) {
        let decoy = Recipe::new(rest, random(&*services.entropy)?);
        // Who has waited once is not sent away instead of refused, which would tell as much as time does.
        let _ = services.hashing.derive(wish.password.clone(), decoy, from).await;
    }
    Ok(())
}

/// Replaces a hash that is foreign or cheaper than today's, while nobody waits for the slot. Whoever cannot be renewed
/// now signs in all the same and is renewed next time.
async fn renew(
    services: &Services,
    user: User,
    password: Candidate,
    from: Option<IpAddr>,
) -> Result<User, Failure<SignInRefusal>> {
    if !user.hash().is_due(services.rules.cost) || !services.hashing.has_a_free_slot() {
        return Ok(user);
    }
    let hash = match services.hash::<SignInRefusal>(password, from).await {
        Ok(hash) => hash,
        Err(Failure::Busy { .. }) => return Ok(user),
        Err(failure) => return Err(failure),
    };
    let renewed = user.clone().renew_hash(hash, services.clock.now());
    match services.store.replace_user(&renewed).await {
        Ok(()) => Ok(renewed.written()),
        Err(error) => {
            let cause = Failure::<SignInRefusal>::from(error);
            tracing::warn!(user = %user.id(), %cause, "could not renew a password hash; trying again next time");
            Ok(user)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<A, B, F>(_: impl FnOnce(A, B) -> F) -> usize {
        size_of::<F>()
    }

    /// As many of them are there as there are connections.
    #[test]
    fn whoever_waits_for_a_hash_takes_little_memory() {
        let size = size(|services: &'static Services, wish| sign_in(services, wish)) + size_of::<SignIn>();
        assert!(size <= 2_048, "{size}");
    }
}

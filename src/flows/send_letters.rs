//! Send letters: those that are due are handed to the mail server, each by one replica at a time.

use std::{convert::Infallible, time::Duration};

use futures_util::future::join_all;
use jiff::SignedDuration;
use tokio::time::sleep;
use tracing::{Instrument, Span};

use crate::{
    domain::{clock::random, letter::Letter, user::User},
    mail::Undelivered,
    store::StoreError,
};

use super::{ATTEMPTS, Failure, Services, meters::MailOutcome};

/// At once, from one replica.
const MOST: u32 = 4;

/// Before what became of a letter is written down once more.
const PAUSE: Duration = Duration::from_millis(200);

/// Takes up some, and is done when each has gone or not. `true` where there may be more.
pub async fn send_letters(services: &Services) -> Result<bool, Failure<Infallible>> {
    if services.post.mailer.is_none() {
        return Ok(false);
    }
    let users = services.store.users_to_write_to(services.clock.now(), MOST).await?;
    let more = !users.is_empty();
    for outcome in
        join_all(users.into_iter().map(|user| send_one(services, user).instrument(a_letter()))).await
    {
        outcome?;
    }
    Ok(more)
}

/// Nobody's request, so it begins a trace.
fn a_letter() -> Span {
    tracing::info_span!(target: "otlp", "send_letter", sampled = true)
}

/// Nothing where somebody else was first.
async fn send_one(services: &Services, user: User) -> Result<(), Failure<Infallible>> {
    let Some((taken, letter)) = user.take_up_letter(services.clock.now()) else { return Ok(()) };
    match services.store.replace_user(&taken).await {
        Err(StoreError::Stale) => return Ok(()),
        replaced => replaced?,
    }
    let Some(letter) = letter else {
        services.meters.mails.add_one(MailOutcome::GivenUp);
        tracing::warn!(user = %taken.id(), "a mail was not sent before it expired");
        return Ok(());
    };
    let user = taken.written();
    let outcome = services.send(&letter, &user).await;
    Ok(note(services, user, &letter, &outcome).await?)
}

/// Writes down what became of it. Until that is done nobody else takes it up, for as long as the lease is; a mail whose going was
/// never written down goes again.
async fn note(
    services: &Services,
    user: User,
    letter: &Letter,
    outcome: &Result<(), Undelivered>,
) -> Result<(), StoreError> {
    let (id, now) = (user.id(), services.clock.now());
    let until = now + with_jitter(services, letter.pause());
    let noted = |user: User| match outcome {
        Ok(()) => user.letter_sent(letter.id),
        Err(Undelivered::NotNow(_) | Undelivered::NotThisOne(_)) => {
            user.letter_postponed(letter.id, until, now)
        }
        Err(Undelivered::Refused(_)) => user.letter_refused(letter.id, until, now),
    };
    let mut user = Some(user);
    for attempt in 1.. {
        let Some(read) = user.take() else { return Ok(()) };
        let changed = noted(read.clone());
        match services.store.replace_user(&changed).await {
            Ok(()) => {
                services.post.delivery.note(outcome, services.clock.uptime());
                let given_up = changed.attrs().outbox.find(letter.id).is_some_and(Letter::is_dead);
                services.meters.mails.add_one(MailOutcome::of(outcome, given_up));
                say(&changed, letter, outcome, given_up);
                return Ok(());
            }
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(StoreError::Stale) => user = services.store.user(id).await.unwrap_or(Some(read)),
            Err(_) => {
                sleep(PAUSE).await;
                user = services.store.user(id).await.unwrap_or(Some(read));
            }
        }
    }
    Ok(())
}

fn say(user: &User, letter: &Letter, outcome: &Result<(), Undelivered>, given_up: bool) {
    let (user, kind, attempts) = (user.id(), letter.kind.as_str(), letter.attempts);
    match outcome {
        Ok(()) => tracing::debug!(%user, kind, letter = %letter.id, attempts, "a mail went"),
        Err(cause @ (Undelivered::NotNow(_) | Undelivered::NotThisOne(_))) => {
            tracing::debug!(%user, kind, letter = %letter.id, attempts, %cause, "a mail could not go, and waits");
        }
        Err(cause @ Undelivered::Refused(_)) if given_up => {
            tracing::warn!(%user, kind, letter = %letter.id, attempts, %cause, "a mail was given up");
        }
        Err(cause @ Undelivered::Refused(_)) => {
            tracing::warn!(%user, kind, letter = %letter.id, attempts, %cause, "a mail was refused");
        }
    }
}

/// Between half of it and all of it, so that what failed together does not come back together.
fn with_jitter(services: &Services, pause: SignedDuration) -> SignedDuration {
    let [chance] = random(&*services.entropy).unwrap_or([0]);
    pause / 2 + pause / 2 * i32::from(chance) / 255
}

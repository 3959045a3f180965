//! Send letters: those that are due are handed to the mail server, each by one replica at a time.

use std::{convert::Infallible, time::Duration};

use futures_util::future::join_all;
use jiff::SignedDuration;
use tokio::time::sleep;

use crate::{
    domain::{clock::random, letter::Letter, user::User},
    mail::Undelivered,
    store::StoreError,
};

use super::{ATTEMPTS, Failure, Services};

/// At once, from one replica.
const MOST: u32 = 4;

/// Before what became of a letter is written down once more.
const PAUSE: Duration = Duration::from_millis(200);

/// What became of those that were due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub sent: usize,
    pub failed: usize,
    /// There may be more.
    pub more: bool,
}

/// Takes up some, and is done when each has gone or not.
pub async fn send_letters(services: &Services) -> Result<Sent, Failure<Infallible>> {
    if services.post.mailer.is_none() {
        return Ok(Sent::default());
    }
    let users = services.store.users_to_write_to(services.clock.now(), MOST).await?;
    let more = !users.is_empty();
    let outcomes = join_all(users.into_iter().map(|user| send_one(services, user))).await;
    let mut sent = Sent { more, ..Sent::default() };
    for outcome in outcomes {
        match outcome? {
            Some(true) => sent.sent += 1,
            Some(false) => sent.failed += 1,
            None => {}
        }
    }
    Ok(sent)
}

/// `None` where somebody else was first, or nothing was to be sent.
async fn send_one(services: &Services, user: User) -> Result<Option<bool>, Failure<Infallible>> {
    let Some((taken, letter)) = user.take_up_letter(services.clock.now()) else { return Ok(None) };
    match services.store.replace_user(&taken).await {
        Err(StoreError::Stale) => return Ok(None),
        replaced => replaced?,
    }
    let Some(letter) = letter else {
        tracing::warn!(user = %taken.id(), "a mail was not sent before it expired");
        return Ok(None);
    };
    let user = taken.written();
    let outcome = services.send(&letter, &user).await;
    note(services, user, &letter, &outcome).await?;
    Ok(Some(outcome.is_ok()))
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
        Err(Undelivered::NotNow(_)) => user.letter_postponed(letter.id, until, now),
        Err(Undelivered::Refused(_)) => user.letter_refused(letter.id, until, now),
    };
    let mut user = Some(user);
    for attempt in 1.. {
        let Some(read) = user.take() else { return Ok(()) };
        let written = services.store.replace_user(&noted(read.clone())).await;
        match written {
            Ok(()) => {
                say(&read, letter, outcome);
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

fn say(user: &User, letter: &Letter, outcome: &Result<(), Undelivered>) {
    let (user, kind, attempts) = (user.id(), letter.kind.as_str(), letter.attempts);
    match outcome {
        Ok(()) => tracing::debug!(%user, kind, letter = %letter.id, attempts, "a mail went"),
        Err(cause @ Undelivered::NotNow(_)) => {
            tracing::debug!(%user, kind, letter = %letter.id, attempts, %cause, "a mail could not go, and waits");
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

//! Forgot the password: whoever owns the address is mailed a link to choose another one.

use std::{convert::Infallible, time::Duration};

use tokio::time::sleep;

use crate::{
    domain::{
        challenge::Purpose,
        email::Email,
        event::{Circumstances, EventKind, Happening},
        throttle::About,
    },
    system::clock::Stopwatch,
};

use super::{Failure, Services, post::heard_or_not, throttle::Asking};

/// Longer than any of it takes where the store is well, and nothing to a person.
const ALWAYS: Duration = Duration::from_millis(100);

/// The same answer after the same time for any address: nobody learns whose it is.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn forgot_password(
    services: &Services,
    email: &Email,
    from: &Circumstances,
) -> Result<(), Failure<Infallible>> {
    services.spend_from_budget(Asking::ForgottenPassword, from).await?;
    let watch = Stopwatch::start();
    let done = write_if_known(services, email, from).await;
    sleep(ALWAYS.saturating_sub(watch.elapsed())).await;
    done
}

/// Where the store is slow, and time tells after all, the work is nearly the same.
async fn write_if_known(
    services: &Services,
    email: &Email,
    from: &Circumstances,
) -> Result<(), Failure<Infallible>> {
    if !services.may_write_to(email, About::Reset).await? {
        return Ok(());
    }
    let found = services.store.user_by_email(email).await?;
    let asked = Happening::by_anyone(EventKind::PasswordResetAsked, from);
    let Some(user) = found.filter(|user| user.is_active() && !user.is_gone(services.clock.now())) else {
        services.write_to_nobody(email).await?;
        return services.did(asked.about(services.subject(email))).await;
    };
    let asked = asked.to(user.id());
    let changed = services.change(user, |user| {
        // To the address as it is stored, however it was typed.
        let to = user.attrs().email.clone();
        let (challenge, letter) = services.challenge(user.id(), Purpose::Reset, &to)?;
        Ok(Some(user.challenge(challenge, letter, services.clock.now())))
    });
    heard_or_not(changed.await)?;
    services.did(asked).await
}

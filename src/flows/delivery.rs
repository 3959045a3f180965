//! Delivery: whether mail goes, and if not, what the mail server said; for the log, and for whoever asks how we are.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::mail::Undelivered;

/// How the last letter fared, whichever it was.
#[derive(Debug, Default)]
pub struct Delivery(Mutex<Option<Stuck>>);

/// Why mail does not go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    pub cause: String,
    /// Of our uptime.
    pub since: Duration,
    said: Duration,
}

/// The same cause is said again after so long.
const AGAIN: Duration = Duration::from_mins(5);

impl Delivery {
    /// `None` while mail goes, or there was none.
    pub fn stuck(&self) -> Option<Stuck> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A change for better or worse is said once. Whoever refuses one letter for good is there, and takes others.
    pub(super) fn note(&self, outcome: &Result<(), Undelivered>, now: Duration) {
        let mut stuck = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Err(Undelivered::NotNow(cause)) = outcome else {
            if stuck.take().is_some() {
                tracing::info!("mail goes again");
            }
            return;
        };
        let was = stuck.take();
        let said = was.as_ref().filter(|was| was.cause == *cause && now.saturating_sub(was.said) < AGAIN);
        if said.is_none() {
            tracing::warn!(cause, "mail does not go; it waits, and is tried again");
        }
        let said = said.map_or(now, |was| was.said);
        *stuck = Some(Stuck { cause: cause.clone(), since: was.map_or(now, |was| was.since), said });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stuck_is_so_since_it_began_and_until_something_goes() {
        let delivery = Delivery::default();
        let not_now = |cause: &str| Err(Undelivered::NotNow(cause.to_owned()));
        let at = Duration::from_secs;
        delivery.note(&not_now("away"), at(5));
        delivery.note(&not_now("full"), at(9));
        let stuck = delivery.stuck().unwrap();
        assert_eq!((stuck.cause.as_str(), stuck.since), ("full", at(5)));
        delivery.note(&Err(Undelivered::Refused("no such mailbox".to_owned())), at(10));
        assert_eq!(delivery.stuck(), None);
    }
}

//! Delivery: whether mail goes, and if not, what the mail server said; for the log, and for whoever asks how we are.

use std::time::Duration;

use super::trouble::{Stuck, Trouble};
use crate::mail::Undelivered;

/// How the last letter fared that says anything about all of them.
#[derive(Debug, Default)]
pub struct Delivery(Trouble);

/// Whatever waits is tried again before, by us or by another replica.
const OUTDATED: Duration = Duration::from_mins(20);

impl Delivery {
    /// `None` while mail goes, or there was none for long.
    pub fn stuck(&self, now: Duration) -> Option<Stuck> {
        self.0.stuck().filter(|stuck| now.saturating_sub(stuck.latest) < OUTDATED)
    }

    /// A change for better or worse is said once. What became of one letter, whoever it was for, says nothing of others.
    pub(super) fn note(&self, outcome: &Result<(), Undelivered>, now: Duration) {
        match outcome {
            Ok(()) if self.0.ends() => tracing::info!("mail goes again"),
            Err(Undelivered::NotNow(cause)) if self.0.goes_on(cause, now) => {
                tracing::warn!(cause, "mail does not go; it waits, and is tried again");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stuck_is_so_since_it_began_and_until_something_goes() {
        let delivery = Delivery::default();
        let (at, cause) = (Duration::from_secs, |cause: &str| cause.to_owned());
        let seen = |now| delivery.stuck(at(now)).map(|stuck| (stuck.cause, stuck.since));
        delivery.note(&Err(Undelivered::NotNow(cause("away"))), at(5));
        delivery.note(&Err(Undelivered::NotNow(cause("full"))), at(9));
        assert_eq!(seen(9), Some((cause("full"), at(5))));
        // One mailbox that is full or gone says nothing of the others.
        delivery.note(&Err(Undelivered::Refused(cause("no such mailbox"))), at(10));
        delivery.note(&Err(Undelivered::NotThisOne(cause("mailbox full"))), at(10));
        assert_eq!(seen(10), Some((cause("full"), at(5))));
        assert_eq!(seen(9 + 20 * 60), None, "others may have sent the rest");
        delivery.note(&Ok(()), at(11));
        assert_eq!(seen(11), None);
        delivery.note(&Err(Undelivered::NotThisOne(cause("mailbox full"))), at(12));
        assert_eq!(seen(12), None);
    }
}

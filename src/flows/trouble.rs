//! Trouble: since when something does not go, why, and when that was last said.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The same cause is said again after so long.
const AGAIN: Duration = Duration::from_mins(5);

#[derive(Debug, Default)]
pub struct Trouble(Mutex<Option<Stuck>>);

/// All times are of our uptime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    pub cause: String,
    pub since: Duration,
    pub(super) latest: Duration,
    said: Duration,
}

impl Trouble {
    /// `None` while it goes.
    pub fn stuck(&self) -> Option<Stuck> {
        self.lock().clone()
    }

    /// Whether there was any.
    pub(super) fn ends(&self) -> bool {
        self.lock().take().is_some()
    }

    /// Whether this is to be said: it is new, or has not been said for long.
    pub(super) fn goes_on(&self, cause: &str, now: Duration) -> bool {
        let mut stuck = self.lock();
        let was = stuck.take();
        let said = was.as_ref().filter(|was| was.cause == cause && now.saturating_sub(was.said) < AGAIN);
        let (is_new, said) = (said.is_none(), said.map_or(now, |was| was.said));
        let since = was.map_or(now, |was| was.since);
        *stuck = Some(Stuck { cause: cause.to_owned(), since, latest: now, said });
        is_new
    }

    /// What is behind this lock is whole at any moment.
    fn lock(&self) -> MutexGuard<'_, Option<Stuck>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_when_it_is_new_and_every_five_minutes() {
        let (trouble, at) = (Trouble::default(), Duration::from_secs);
        assert!(trouble.goes_on("away", at(5)));
        assert!(!trouble.goes_on("away", at(6)));
        assert!(trouble.goes_on("full", at(7)));
        assert!(!trouble.goes_on("full", at(306)));
        assert!(trouble.goes_on("full", at(307)));
        assert_eq!(trouble.stuck().map(|stuck| stuck.since), Some(at(5)));
        assert!(trouble.ends() && !trouble.ends());
        assert_eq!(trouble.stuck(), None);
    }
}

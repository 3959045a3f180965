//! How fast this machine hashes, learnt from what it has hashed.

use std::time::Duration;

use crate::domain::cost::Cost;

/// The time that one hash of [`Cost::STANDARD`] takes; every other is taken to be in proportion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace(Duration);

impl Pace {
    /// Before anything was measured: a slow core with its neighbours at work. Guessing slow refuses a little early.
    pub(super) const GUESS: Self = Self(Duration::from_millis(350));
    /// How many hashes it takes to forget one.
    const MEMORY: u32 = 8;

    /// How long so much [`Cost::work`] takes one slot.
    pub(super) fn time(self, work: u64) -> Duration {
        in_proportion(self.0, work, Cost::STANDARD.work())
    }

    /// Moves towards what was just measured.
    pub(super) fn learn(&mut self, work: u64, took: Duration) {
        let measured = in_proportion(took, Cost::STANDARD.work(), work);
        self.0 = (self.0 * (Self::MEMORY - 1)).saturating_add(measured) / Self::MEMORY;
    }
}

fn in_proportion(time: Duration, part: u64, whole: u64) -> Duration {
    let nanos = time.as_nanos().saturating_mul(part.into()) / u128::from(whole.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX / 1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cheaper_hash_is_expected_sooner_in_proportion_to_its_work() {
        assert_eq!(Pace::GUESS.time(Cost::STANDARD.work()), Duration::from_millis(350));
        assert_eq!(Pace::GUESS.time(Cost::NODE.work()), Duration::from_micros(43_750));
        assert_eq!(Pace::GUESS.time(0), Duration::ZERO);
    }

    #[test]
    fn it_comes_to_what_is_measured_and_one_slow_hash_does_not_decide() {
        let mut pace = Pace::GUESS;
        for _ in 0..50 {
            pace.learn(Cost::NODE.work(), Duration::from_millis(25));
        }
        let settled = pace.time(Cost::NODE.work());
        assert!(settled.abs_diff(Duration::from_millis(25)) < Duration::from_millis(1), "{settled:?}");

        pace.learn(Cost::NODE.work(), Duration::from_millis(100));
        assert!(pace.time(Cost::NODE.work()) < Duration::from_millis(40));
    }

    #[test]
    fn no_measurement_is_too_absurd_for_it() {
        let mut pace = Pace::GUESS;
        pace.learn(1, Duration::from_secs(u64::MAX / 4));
        pace.learn(0, Duration::MAX);
        let _ = pace.time(u64::MAX);
    }
}

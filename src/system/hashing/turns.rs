//! When each of those who are sent away should come back: one after the other, and not all at once.

use std::time::Duration;

use crate::system::clock::Stopwatch;

/// Gives out the times at which there will be room, each to one caller.
pub(super) struct Turns {
    clock: Stopwatch,
    next: Duration,
}

impl Turns {
    /// Turns reach so far beyond the soonest; when all until then are given out, they are given out once more.
    const FARTHEST: Duration = Duration::from_mins(1);

    pub(super) fn start() -> Self {
        Self { clock: Stopwatch::start(), next: Duration::ZERO }
    }

    /// How long from now the next caller should wait: `soonest` at least, and `every` after the one before.
    pub(super) fn give(&mut self, soonest: Duration, every: Duration) -> Duration {
        self.give_at(self.clock.elapsed(), soonest, every)
    }

    fn give_at(&mut self, now: Duration, soonest: Duration, every: Duration) -> Duration {
        let soonest = now.saturating_add(soonest);
        let over = self.next > soonest.saturating_add(Self::FARTHEST);
        let turn = if over { soonest } else { self.next.max(soonest) };
        self.next = turn.saturating_add(every);
        turn.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_crowd_is_spread_over_the_time_it_takes_to_serve_it() {
        let mut turns = Turns::start();
        let given: Vec<_> = (0..2_000).map(|_| turns.give_at(millis(0), millis(500), millis(100))).collect();
        assert_eq!(given[..3], [millis(500), millis(600), millis(700)]);
        assert_eq!(given.iter().max(), Some(&millis(60_500)));
        let in_each_second = |second| given.iter().filter(|turn| turn.as_secs() == second).count();
        assert!((1..60).all(|second| in_each_second(second) <= 40), "nowhere a crowd again");
    }

    #[test]
    fn the_turns_that_have_passed_are_nobody_s() {
        let mut turns = Turns::start();
        turns.give_at(millis(0), millis(500), millis(100));
        assert_eq!(turns.give_at(millis(60_000), millis(500), millis(100)), millis(500));
    }
}

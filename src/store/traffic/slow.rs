//! Commands that took too long: counted by their names, and said aloud once a minute, never with what was asked.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::system::clock::Stopwatch;

/// A command that an index answers takes a few milliseconds; whoever waits for one of these feels it.
pub const TOO_LONG: Duration = Duration::from_millis(100);

const SAY_EVERY: Duration = Duration::from_mins(1);

/// What was between one and two of these ago counts as well, so that what goes on is not forgotten in between.
const LATELY: Duration = Duration::from_mins(5);

/// More names than there are commands of ours; what is beyond is counted together.
const MOST: usize = 64;
const OTHERS: &str = "others";

/// Locked only by a command that was slow, and by whoever asks how many were.
#[derive(Debug, Default)]
pub struct Slow(Mutex<BTreeMap<String, Command>>);

#[derive(Debug)]
struct Command {
    times: u64,
    unsaid: u64,
    longest: Duration,
    said: Option<Stopwatch>,
    lately: Lately,
}

/// A count since this began, and the one before; it begins anew when it has run for [`LATELY`].
#[derive(Debug)]
struct Lately {
    since: Stopwatch,
    count: u64,
    before: u64,
}

impl Slow {
    /// Nothing of a command that was quick.
    pub(in crate::store) fn note(&self, name: &str, took: Duration) {
        if took < TOO_LONG {
            return;
        }
        let mut commands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = if commands.len() < MOST || commands.contains_key(name) { name } else { OTHERS };
        let command = commands.entry(name.to_owned()).or_insert_with(Command::new);
        command.note(took);
        if let Some((times, longest)) = command.due() {
            let longest_ms = longest.as_millis();
            tracing::warn!(command = name, times, longest_ms, "commands to the store were slow");
        }
    }

    /// Those of the last ten minutes or less, by their names.
    pub fn lately(&self) -> Vec<(String, u64)> {
        let mut commands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = commands.iter_mut().map(|(name, command)| (name.clone(), command.lately.count()));
        counts.filter(|(_, times)| *times > 0).collect()
    }

    /// All of them, by their names.
    pub fn counts(&self) -> Vec<(String, u64)> {
        let commands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        commands.iter().map(|(name, command)| (name.clone(), command.times)).collect()
    }
}

impl Command {
    fn new() -> Self {
        let lately = Lately { since: Stopwatch::start(), count: 0, before: 0 };
        Self { times: 0, unsaid: 0, longest: Duration::ZERO, said: None, lately }
    }

    fn note(&mut self, took: Duration) {
        self.times += 1;
        self.unsaid += 1;
        self.lately.turn(self.lately.since.elapsed());
        self.lately.count += 1;
        self.longest = self.longest.max(took);
    }

    /// How many since it was said last, if it is time to say so again.
    fn due(&mut self) -> Option<(u64, Duration)> {
        if self.said.is_some_and(|said| said.elapsed() < SAY_EVERY) {
            return None;
        }
        self.said = Some(Stopwatch::start());
        let said = (self.unsaid, self.longest);
        (self.unsaid, self.longest) = (0, Duration::ZERO);
        Some(said)
    }
}

impl Lately {
    fn count(&mut self) -> u64 {
        self.turn(self.since.elapsed());
        self.count + self.before
    }

    fn turn(&mut self, age: Duration) {
        if age >= LATELY {
            let before = if age < 2 * LATELY { self.count } else { 0 };
            *self = Self { since: Stopwatch::start(), count: 0, before };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_slow_is_counted_and_of_many_names_the_last_share_one() {
        let slow = Slow::default();
        slow.note("find", TOO_LONG / 2);
        assert_eq!(slow.counts(), []);
        for _ in 0..2 {
            slow.note("find", TOO_LONG);
        }
        assert_eq!(slow.counts(), [("find".to_owned(), 2)]);
        for number in 0..2 * MOST {
            slow.note(&number.to_string(), TOO_LONG);
        }
        let counts = slow.counts();
        assert_eq!(counts.len(), MOST + 1);
        assert_eq!(counts.iter().map(|(_, times)| times).sum::<u64>(), 2 + 2 * MOST as u64);
    }

    #[test]
    fn what_goes_on_is_not_forgotten_in_between_and_what_is_over_is() {
        let mut lately = Lately { since: Stopwatch::start(), count: 7, before: 9 };
        assert_eq!(lately.count(), 16);
        lately.turn(LATELY);
        assert_eq!(lately.count(), 7);
        lately.turn(2 * LATELY);
        assert_eq!(lately.count(), 0);
    }

    #[test]
    fn a_crowd_of_them_is_said_once_a_minute() {
        let mut command = Command::new();
        command.note(TOO_LONG);
        assert_eq!(command.due(), Some((1, TOO_LONG)));
        command.note(TOO_LONG);
        assert_eq!(command.due(), None);
        assert_eq!((command.times, command.unsaid), (2, 1));
    }
}

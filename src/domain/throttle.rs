//! Throttling: after some wrong passwords each next one waits longer, and after many there is no next.

use jiff::{SignedDuration, Timestamp};

/// How strict we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThrottlePreset {
    #[default]
    Standard,
    Off,
}

/// How long the next try waits, by how many there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Curve {
    /// The first try that the next one waits after.
    pub from: u32,
    /// So long, and after each further try twice as long as before.
    pub first: SignedDuration,
    pub longest: SignedDuration,
    /// The last one: after it there is none until the count is forgotten.
    pub last: u32,
    /// The count is forgotten so long after the latest try.
    pub memory: SignedDuration,
}

/// Whether something may be tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    May,
    Wait { until: Timestamp },
}

impl Curve {
    /// Of the passwords of one account.
    pub const PASSWORDS: Self = Self {
        from: 5,
        first: SignedDuration::from_secs(1),
        longest: SignedDuration::from_mins(15),
        last: 100,
        memory: SignedDuration::from_hours(30 * 24),
    };

    /// How long the next one waits after so many.
    pub fn pause(&self, tries: u32) -> SignedDuration {
        if tries >= self.last {
            return self.memory;
        }
        let Some(doublings) = tries.checked_sub(self.from) else { return SignedDuration::ZERO };
        let pause = self.first.checked_mul(1_i32 << doublings.min(Self::DOUBLINGS));
        pause.unwrap_or(self.longest).min(self.longest)
    }

    /// More are longer than anybody waits.
    pub const DOUBLINGS: u32 = 20;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_11_the_fifth_waits_a_second_and_each_after_it_twice_as_long() {
        let pause = |tries| Curve::PASSWORDS.pause(tries).as_secs();
        assert_eq!([0, 4, 5, 6, 7, 14, 15, 99].map(pause), [0, 0, 1, 2, 4, 512, 900, 900]);
        assert_eq!(pause(100), 30 * 24 * 3600);
        assert_eq!(pause(u32::MAX), 30 * 24 * 3600);
    }
}

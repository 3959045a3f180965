//! What one password hash costs in memory and work.

use std::fmt;

/// The parameters of scrypt, within bounds that no stored hash may exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    log_n: u8,
    r: u32,
    p: u32,
}

/// Why a cost that a stored hash asks for is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutOfBounds {
    /// Nobody computes it.
    #[error("parameters that mean nothing")]
    Senseless,
    #[error(transparent)]
    TooCostly(#[from] TooCostly),
}

/// More than a sign-in may ever cost; of the hash it says nothing but that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{asked}; a sign-in may take {most} at most")]
pub struct TooCostly {
    /// The algorithm, and what is asked of it.
    pub asked: String,
    pub most: String,
}

impl Cost {
    /// What OWASP and ASVS both accept: 128 MiB a hash.
    pub const STANDARD: Self = Self { log_n: 17, r: 8, p: 1 };
    /// The same work in 16 MiB, for small memory.
    pub const LOW_MEMORY: Self = Self { log_n: 14, r: 8, p: 5 };
    /// What Node's `scrypt` does unless told otherwise: below today's advice, for taking over a platform.
    pub const NODE: Self = Self { log_n: 14, r: 8, p: 1 };

    /// What one stored hash may take in work: six times the standard, some one and a half seconds of a usual core.
    pub const MOST_WORK: u64 = 6 * Self::STANDARD.work();

    /// A stored hash may not be used to exhaust us, and its owner has to hear before a sign-in's deadline.
    pub fn new(log_n: u8, r: u32, p: u32) -> Result<Self, OutOfBounds> {
        if log_n == 0 || r == 0 || p == 0 {
            return Err(OutOfBounds::Senseless);
        }
        let cost = Self { log_n, r, p };
        let sane = log_n <= 20 && r <= 32 && p <= 64;
        if sane && cost.work() <= Self::MOST_WORK {
            return Ok(cost);
        }
        let most = format!("ln=20, r=32, p=64, and N·r·p={}", Self::MOST_WORK / 128);
        Err(TooCostly { asked: format!("scrypt ln={log_n},r={r},p={p}"), most }.into())
    }

    pub const fn log_n(self) -> u8 {
        self.log_n
    }

    pub const fn n(self) -> usize {
        1 << self.log_n
    }

    pub const fn r(self) -> u32 {
        self.r
    }

    pub const fn p(self) -> u32 {
        self.p
    }

    /// Bytes of scratch memory one computation needs.
    pub const fn memory(self) -> usize {
        128 * self.r as usize * self.n()
    }

    /// What is missing to the work of a dearer cost, in the same memory; `None` where nothing is.
    pub fn rest_of(self, whole: Self) -> Option<Self> {
        let missing = whole.work().checked_sub(self.work()).filter(|missing| *missing > 0)?;
        let rounds = missing.div_ceil(self.memory() as u64);
        Some(u32::try_from(rounds).ok().and_then(|p| Self::new(self.log_n, self.r, p).ok()).unwrap_or(whole))
    }

    /// As much as is left of it when so much work has been done, in small portions and no more memory; `None` where that is nothing.
    pub fn less(self, done: u64) -> Option<Self> {
        let portion = Self { log_n: self.log_n.min(13), r: self.r, p: 1 };
        let missing = self.work().saturating_sub(done).saturating_add(portion.work() / 2);
        let p = u32::try_from(missing / portion.work()).ok().filter(|p| *p > 0)?;
        Some(Self::new(portion.log_n, portion.r, p).unwrap_or(self))
    }

    /// How long it takes, in units that compare costs with each other.
    pub const fn work(self) -> u64 {
        self.memory() as u64 * self.p as u64
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "2^{}/{}/{}", self.log_n, self.r, self.p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_costly_is_told_from_what_means_nothing() {
        for (log_n, r, p) in [(0, 8, 1), (17, 0, 1), (17, 8, 0)] {
            assert_eq!(Cost::new(log_n, r, p), Err(OutOfBounds::Senseless), "{log_n},{r},{p}");
        }
        for (log_n, r, p) in [(21, 1, 1), (255, 8, 1), (1, 33, 1), (1, 1, 65), (20, 9, 1), (20, 8, 3)] {
            let refused = Cost::new(log_n, r, p);
            assert!(matches!(refused, Err(OutOfBounds::TooCostly(_))), "{log_n},{r},{p}: {refused:?}");
        }
    }

    #[test]
    fn the_rest_of_a_dearer_cost_is_what_makes_both_alike() {
        for (stored, today, rounds) in [
            (Cost::NODE, Cost::STANDARD, Some(7)),
            (Cost::NODE, Cost::LOW_MEMORY, Some(4)),
            (Cost::LOW_MEMORY, Cost::STANDARD, Some(3)),
            (Cost::STANDARD, Cost::NODE, None),
            (Cost::STANDARD, Cost::STANDARD, None),
        ] {
            let rest = stored.rest_of(today);
            assert_eq!(rest.map(Cost::p), rounds);
            if let Some(rest) = rest {
                assert_eq!(stored.work() + rest.work(), today.work());
            }
        }
        let tiny = Cost::new(1, 1, 1).unwrap();
        assert_eq!(tiny.rest_of(Cost::STANDARD), Some(Cost::STANDARD), "too small to make it up");
    }
}

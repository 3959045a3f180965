//! How many hashes may be computed at once: as many as there are cores and memory for.

use std::{fmt, path::Path, thread};

use crate::domain::cost::Cost;

use super::limit;

/// What there is to hash with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub cores: usize,
    /// Bytes that the whole process may take; `u64::MAX` where nothing tells.
    pub memory: u64,
}

/// Not one hash fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom {
    cost: Cost,
    memory: u64,
}

impl Room {
    /// What everything but hashing may take: the runtime, connections, sessions in memory, the store's cache.
    pub const BASE: u64 = 64 << 20;

    /// Asks the system; `root` is `/` except in tests.
    pub fn find(root: &Path) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self { cores, memory: limit::memory(root).unwrap_or(u64::MAX) }
    }

    /// Hashes of this cost at once.
    pub(super) fn slots(self, cost: Cost) -> Result<usize, NoRoom> {
        let fit = self.memory.saturating_sub(Self::BASE) / bytes(cost);
        match self.cores.max(1).min(usize::try_from(fit).unwrap_or(usize::MAX)) {
            0 => Err(NoRoom { cost, memory: self.memory }),
            slots => Ok(slots),
        }
    }

    /// Bytes for one hash while all the other slots hold their own.
    pub(super) fn for_one(self, cost: Cost) -> u64 {
        let others = self.slots(cost).unwrap_or(1).saturating_sub(1);
        self.memory.saturating_sub(Self::BASE).saturating_sub(bytes(cost).saturating_mul(others as u64))
    }
}

fn bytes(cost: Cost) -> u64 {
    cost.memory() as u64
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        let least = |cost| mib(Room::BASE + bytes(cost));
        write!(
            f,
            "PORTCULLIS_PASSWORD_COST: one sign-in at {} takes {} MiB and the rest of the process up to {} MiB, but the \
             memory limit is {} MiB; raise it to {} MiB",
            self.cost,
            mib(bytes(self.cost)),
            mib(Room::BASE),
            self.memory >> 20,
            least(self.cost)
        )?;
        if bytes(self.cost) > bytes(Cost::LOW_MEMORY) {
            write!(f, ", or set it to low-memory, which makes do with {} MiB", least(Cost::LOW_MEMORY))?;
        }
        Ok(())
    }
}

impl std::error::Error for NoRoom {}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn room(cores: usize, mib: u64) -> Room {
        Room { cores, memory: mib * MIB }
    }

    #[test]
    fn the_scarcer_of_cores_and_memory_decides() {
        assert_eq!(room(2, 1024).slots(Cost::STANDARD), Ok(2));
        assert_eq!(room(16, 64 + 3 * 128).slots(Cost::STANDARD), Ok(3));
        assert_eq!(room(16, 64 + 3 * 128 - 1).slots(Cost::STANDARD), Ok(2));
        assert_eq!(Room { cores: 4, memory: u64::MAX }.slots(Cost::STANDARD), Ok(4));
        assert_eq!(room(0, 1024).slots(Cost::STANDARD), Ok(1));
    }

    #[test]
    fn where_not_one_fits_it_says_what_to_do() {
        let refusal = room(2, 191).slots(Cost::STANDARD).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "PORTCULLIS_PASSWORD_COST: one sign-in at 2^17/8/1 takes 128 MiB and the rest of the process up to 64 MiB, \
             but the memory limit is 191 MiB; raise it to 192 MiB, or set it to low-memory, which makes do with 80 MiB"
        );
        assert_eq!(room(2, 192).slots(Cost::STANDARD), Ok(1));
        assert_eq!(room(2, 80).slots(Cost::LOW_MEMORY), Ok(1));
    }

    #[test]
    fn low_memory_is_not_advised_to_those_who_have_it() {
        let refusal = room(2, 70).slots(Cost::LOW_MEMORY).unwrap_err().to_string();
        assert!(refusal.ends_with("raise it to 80 MiB"), "{refusal}");
    }

    #[test]
    fn a_dearer_hash_gets_what_the_other_slots_leave() {
        assert_eq!(room(2, 64 + 256).for_one(Cost::STANDARD), 128 * MIB);
        assert_eq!(room(2, 64 + 512).for_one(Cost::STANDARD), 384 * MIB);
        assert_eq!(room(1, 64 + 512).for_one(Cost::STANDARD), 512 * MIB);
    }
}

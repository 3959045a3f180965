//! The memory one slot computes in: taken when first needed, wiped after each hash, given back after a while.

use std::{hint::black_box, io, thread};

use memmap2::MmapMut;
use romix::Block;

/// A mapping of its own and not a `Vec`: dropping it returns it to the system for certain, where an allocator may
/// keep it.
#[derive(Default)]
pub(super) struct Scratch(Option<MmapMut>);

/// Memory for one hash. A candidate can be guessed from what is in it, its first row alone for the price of one
/// SHA-256, so it is wiped when the hash is done, also when that was by a panic.
pub(super) struct Lent<'scratch>(&'scratch mut [u8]);

impl Scratch {
    /// Lends `bytes`; takes them from the system unless as many are held already.
    pub(super) fn lend(&mut self, bytes: usize) -> io::Result<Lent<'_>> {
        if self.0.as_ref().is_none_or(|held| held.len() < bytes) {
            // First the one and then the other: both together may be more than there is.
            self.give_back();
            self.0 = Some(take(bytes)?);
        }
        let memory = self.0.as_mut().and_then(|held| held.get_mut(..bytes));
        memory.map(Lent).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// Returns it to the system. Nothing is left in it to be wiped.
    pub(super) fn give_back(&mut self) {
        self.0 = None;
    }
}

/// Then whoever else wants the processor has it.
const WIPED_AT_ONCE: usize = 256 << 10;

impl Lent<'_> {
    pub(super) fn blocks(&mut self) -> &mut [Block] {
        self.0.as_chunks_mut().0
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        for piece in self.0.chunks_mut(WIPED_AT_ONCE) {
            piece.fill(0);
            thread::yield_now();
        }
        black_box(&mut self.0);
    }
}

fn take(bytes: usize) -> io::Result<MmapMut> {
    let memory = MmapMut::map_anon(bytes)?;
    // scrypt jumps about in it: fewer, larger pages make that faster. A system without them is only slower.
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn what_is_lent_comes_back_clean_also_after_a_panic() {
        let mut scratch = Scratch::default();
        scratch.lend(1 << 20).unwrap().blocks().fill([7; 64]);
        assert!(scratch.0.as_ref().unwrap().iter().all(|byte| *byte == 0));

        let fault = catch_unwind(AssertUnwindSafe(|| {
            let mut lent = scratch.lend(1 << 20).unwrap();
            lent.blocks().fill([7; 64]);
            panic!("on purpose");
        }));
        assert!(fault.is_err());
        assert!(scratch.0.as_ref().unwrap().iter().all(|byte| *byte == 0));
    }

    #[test]
    fn it_is_taken_once_and_grows_only_when_it_must() {
        let mut scratch = Scratch::default();
        assert!(scratch.0.is_none());
        let first = scratch.lend(1 << 20).unwrap().blocks().as_ptr();
        assert_eq!(scratch.lend(1 << 19).unwrap().blocks().len(), (1 << 19) / 64);
        assert_eq!(scratch.lend(1 << 20).unwrap().blocks().as_ptr(), first);
        assert_eq!(scratch.lend(1 << 21).unwrap().blocks().len(), (1 << 21) / 64);
        scratch.give_back();
        assert!(scratch.0.is_none());
    }

    #[test]
    fn more_than_any_machine_has_is_an_error() {
        assert!(Scratch::default().lend(usize::MAX / 2).is_err());
    }
}

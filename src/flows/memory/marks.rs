//! What has to be forgotten, so that nobody believes what was loaded before: without a lock, and without a race between
//! who loads and who forgets.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;
use uuid::Uuid;

/// Forgetting one thing forgets a few others with it, one in so many.
const MARKS: usize = 4_096;

/// Everything that is forgotten gets a number, and each mark holds the last one of its things.
pub(super) struct Marks {
    last: AtomicU64,
    /// The last time that everything was forgotten.
    all: AtomicU64,
    each: Box<[AtomicU64]>,
    stirred: watch::Sender<()>,
}

/// What had been forgotten when something was about to be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Before(u64);

impl Default for Marks {
    fn default() -> Self {
        let each = (0..MARKS).map(|_| AtomicU64::new(0)).collect();
        Self { last: AtomicU64::new(0), all: AtomicU64::new(0), each, stirred: watch::Sender::new(()) }
    }
}

impl Marks {
    /// To be called before something is loaded.
    pub(super) fn before(&self) -> Before {
        Before(self.last.load(Ordering::SeqCst))
    }

    /// Whether what was loaded then has not been forgotten since.
    pub(super) fn is_known(&self, thing: Uuid, before: Before) -> bool {
        let forgotten = self.of(thing).map_or(u64::MAX, |mark| mark.load(Ordering::SeqCst));
        forgotten.max(self.all.load(Ordering::SeqCst)) <= before.0
    }

    pub(super) fn forget(&self, thing: Uuid) {
        let number = self.next();
        if let Some(mark) = self.of(thing) {
            mark.fetch_max(number, Ordering::SeqCst);
        }
        self.stirred.send_replace(());
    }

    pub(super) fn forget_all(&self) {
        let number = self.next();
        self.all.fetch_max(number, Ordering::SeqCst);
        self.stirred.send_replace(());
    }

    /// Tells that something was forgotten.
    pub(super) fn stirs(&self) -> watch::Receiver<()> {
        self.stirred.subscribe()
    }

    fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// The end of an id is random.
    fn of(&self, thing: Uuid) -> Option<&AtomicU64> {
        let [.., a, b] = *thing.as_bytes();
        self.each.get(usize::from(u16::from_be_bytes([a, b])) % MARKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Uuid = Uuid::from_u128(1);
    const BOB: Uuid = Uuid::from_u128(2);

    #[test]
    fn what_was_loaded_before_it_was_forgotten_is_not_known() {
        let marks = Marks::default();
        let before = marks.before();
        assert!(marks.is_known(ADA, before));
        marks.forget(ADA);
        assert!(!marks.is_known(ADA, before));
        assert!(marks.is_known(BOB, before));
        assert!(marks.is_known(ADA, marks.before()));
    }

    #[test]
    fn everything_can_be_forgotten() {
        let marks = Marks::default();
        let before = marks.before();
        marks.forget_all();
        assert!(!marks.is_known(ADA, before) && !marks.is_known(BOB, before));
        assert!(marks.is_known(ADA, marks.before()));
    }
}

//! What happens is counted and measured here without a lock, and told as the text that Prometheus reads.

mod histogram;
mod labelled;
pub mod lost;
mod page;

use std::sync::atomic::{AtomicU64, Ordering};

pub use histogram::Histogram;
pub use labelled::{Label, Labelled};
pub use page::{Family, Kind, Page};

/// How often something has happened since the start.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn add(&self, times: u64) {
        self.0.fetch_add(times, Ordering::Relaxed);
    }

    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

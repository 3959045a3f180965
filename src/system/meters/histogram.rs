//! How long things took, sorted into buckets as they come.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::Counter;

/// One more bucket than bounds: the last one takes what is above them all.
#[derive(Debug)]
pub struct Histogram {
    buckets: [Counter; Self::BOUNDS.len() + 1],
    nanos: AtomicU64,
}

impl Histogram {
    /// In seconds: from an answer out of memory to more than any deadline of ours.
    const BOUNDS: [f64; 15] =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

    pub fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let place = Self::BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(Self::BOUNDS.len());
        if let Some(bucket) = self.buckets.get(place) {
            bucket.add_one();
        }
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// Of each bound, how many took no longer; and of none, how many there are.
    pub(super) fn up_to(&self) -> impl Iterator<Item = (Option<f64>, u64)> {
        let bounds = Self::BOUNDS.into_iter().map(Some).chain([None]);
        let mut sum = 0;
        bounds.zip(&self.buckets).map(move |(bound, bucket)| {
            sum += bucket.count();
            (bound, sum)
        })
    }

    pub(super) fn seconds(&self) -> f64 {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed)).as_secs_f64()
    }

    pub fn count(&self) -> u64 {
        self.buckets.iter().map(Counter::count).sum()
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: Default::default(), nanos: AtomicU64::new(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_as_long_as_a_bound_is_within_it() {
        let histogram = Histogram::default();
        for millis in [1, 2, 9_000] {
            histogram.observe(Duration::from_millis(millis));
        }
        let up_to: Vec<_> = histogram.up_to().collect();
        assert_eq!(up_to[2..5], [(Some(0.0005), 0), (Some(0.001), 1), (Some(0.0025), 2)]);
        assert_eq!(up_to[14..], [(Some(5.0), 2), (None, 3)]);
        assert!((histogram.seconds() - 9.003).abs() < 1e-9 && histogram.count() == 3);
    }
}

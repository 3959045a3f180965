//! Waits of about a length, so that those who began to wait together do not go on together.

use std::time::Duration;

use super::entropy::OsEntropy;
use crate::domain::clock::random;

/// By chance between three and five quarters of it; exactly so long where there is no chance to be had.
pub fn about(length: Duration) -> Duration {
    let [chance] = random(&OsEntropy).unwrap_or([128]);
    length * (384 + u32::from(chance)) / 512
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_differ_and_stay_near() {
        let length = Duration::from_secs(4);
        let waits: Vec<_> = (0..50).map(|_| about(length)).collect();
        assert!(waits.iter().all(|wait| (3..=5).contains(&wait.as_secs())), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]));
    }
}

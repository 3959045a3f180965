//! The passwords that everybody tries first: a filter over those that leaked most often.
//!
//! What the list is and how it is made anew stands in `README.md` beside this file.

use sha2::{Digest as _, Sha256};
use xorf::{BinaryFuse16, BinaryFuse16Ref, DmaSerializable as _, Filter as _, FilterRef as _};
use zeroize::Zeroizing;

use super::password::Candidate;

/// As [`make`] makes it: how the filter is laid out, and its prints of two bytes each.
static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("filter.bin"));

#[repr(align(2))]
struct Aligned<B: ?Sized>(B);

/// In any letter case. Of passwords that never leaked one in 65,536 is taken for one that did.
pub fn is_leaked(candidate: &Candidate) -> bool {
    holds(&FILE.0, candidate.as_str())
}

/// The file of a list.
pub fn make<'a>(list: impl Iterator<Item = &'a str>) -> Result<Vec<u8>, &'static str> {
    let mut keys: Vec<u64> = list.map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    let filter = BinaryFuse16::try_from(&keys)?;
    let mut file = vec![0; LAYOUT];
    filter.dma_copy_descriptor_to(&mut file);
    file.extend_from_slice(filter.dma_fingerprints());
    Ok(file)
}

const LAYOUT: usize = BinaryFuse16::DESCRIPTOR_LEN;

fn holds(file: &[u8], password: &str) -> bool {
    let parts = file.split_at_checked(LAYOUT);
    parts.is_some_and(|(layout, prints)| BinaryFuse16Ref::from_dma(layout, prints).contains(&key(password)))
}

fn key(password: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(&*Zeroizing::new(password.to_lowercase())).into();
    digest.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hex::hex;

    fn leaked(password: &str) -> bool {
        is_leaked(&Candidate::try_from(password).unwrap())
    }

    /// As `make leaked` makes it.
    #[test]
    fn the_file_is_the_one_that_was_made() {
        let digest: [u8; 32] = Sha256::digest(&FILE.0).into();
        assert_eq!(
            (FILE.0.len(), hex(&digest).as_str()),
            (270_356, "0534e4f7716a21cad48a15bbdc9de2b1e2e1b01f2f9bb7aafab827de5c0b4288")
        );
    }

    /// Digits alone, which offend nobody, from the beginning of the list to its end.
    #[test]
    fn n_10_asvs_6_2_12_what_everybody_tries_first_is_known_in_any_letter_case() {
        let sample = include_str!("../../../tests/vectors/leaked-digits.txt");
        assert!(sample.lines().count() > 300);
        for password in sample.lines().chain(["password", "PassWord", "trustno1", "QWERTYUIOP", "1q2w3e4r5t"])
        {
            assert!(leaked(password), "{password}");
        }
    }

    #[test]
    fn what_never_leaked_is_hardly_ever_taken_for_what_did() {
        let taken = (0..100_000).filter(|number| leaked(&format!("{number} never seen before"))).count();
        assert!(taken < 10, "{taken} of 100,000");
    }
}

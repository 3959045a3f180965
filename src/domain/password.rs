//! A password as somebody typed it, before it is hashed.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// What was typed, normalised (NFC, the only change ever made to it) and short enough to be worth hashing.
///
/// Good for checking against a stored hash; to become one it must first pass a policy.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Candidate(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has at most 1,024 characters")]
pub struct TooLong;

impl Candidate {
    /// In code points; far above what anybody types, far below what could tire the parser.
    pub const LONGEST: usize = 1024;

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In code points, as people and policies count.
    pub fn length(&self) -> usize {
        self.0.chars().count()
    }
}

impl TryFrom<&str> for Candidate {
    type Error = TooLong;

    fn try_from(typed: &str) -> Result<Self, TooLong> {
        // Composition can shorten, so the raw text gets some room; it may not get it without end.
        if typed.len() > 4 * 4 * Self::LONGEST {
            return Err(TooLong);
        }
        let candidate = Self(typed.nfc().collect());
        if candidate.length() > Self::LONGEST { Err(TooLong) } else { Ok(candidate) }
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Candidate(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn n_05_composed_and_decomposed_forms_are_one_password() {
        let composed = Candidate::try_from("caf\u{e9}").unwrap();
        let decomposed = Candidate::try_from("cafe\u{301}").unwrap();
        assert_eq!(composed.as_bytes(), decomposed.as_bytes());
    }

    #[test]
    fn f_33_the_longest_is_taken_and_one_more_refused() {
        assert_eq!(Candidate::try_from("\u{1f512}".repeat(1024).as_str()).unwrap().length(), 1024);
        assert_eq!(Candidate::try_from("a".repeat(1025).as_str()).unwrap_err(), TooLong);
        assert_eq!(Candidate::try_from("a".repeat(1 << 20).as_str()).unwrap_err(), TooLong);
    }

    #[test]
    fn it_cannot_be_printed() {
        assert_eq!(format!("{:?}", Candidate::try_from("hunter2").unwrap()), "Candidate(***)");
    }

    proptest! {
        #[test]
        fn nothing_is_trimmed_cut_or_folded(text in "[ -~]{0,100}") {
            let candidate = Candidate::try_from(text.as_str()).unwrap();
            prop_assert_eq!(candidate.as_str(), text);
        }
    }
}

//! A word of the vocabulary that this release does not know: what another release wrote is sealed and shown all the same.

use std::fmt;

/// Short and plain: it goes into pages and streams as it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Word {
    length: u8,
    letters: [u8; MOST],
}

const MOST: usize = 31;

impl Word {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
        let (mut letters, length) = ([0; MOST], u8::try_from(text.len()).ok()?);
        letters.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        (length > 0 && text.bytes().all(is_plain)).then_some(Self { length, letters })
    }

    pub fn as_str(&self) -> &str {
        let letters = self.letters.get(..usize::from(self.length)).unwrap_or_default();
        str::from_utf8(letters).unwrap_or_default()
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_short_and_plain() {
        let longest = "a".repeat(MOST);
        for word in ["passkey_added", "x2", longest.as_str()] {
            assert_eq!(Word::parse(word).unwrap().as_str(), word);
        }
        for other in
            ["", "Passkey", "a b", "a\nb", "\u{e4}", "a".repeat(MOST + 1).as_str(), "a".repeat(300).as_str()]
        {
            assert_eq!(Word::parse(other), None, "{other}");
        }
    }
}

//! What exactly was done, in words that go into pages, streams and logs as they are.

use std::fmt;

/// Printable ASCII: nothing in it hides, turns round or breaks what stands beside it. It holds no secret, and stays when a user is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail(String);

/// In bytes: room for every role that a user may have, of 64 letters each, given or taken at once, so that none hides behind a cut.
pub(super) const LONGEST: usize = 2 * 32 * (64 + 2);

/// What no release of ours has written.
const UNREADABLE: &str = "(unreadable)";

impl Detail {
    /// `None` where there is nothing to say. What does not print shows as `?`, as it may in a name that somebody gave a file.
    pub fn of(what: impl fmt::Display) -> Option<Self> {
        let plain = |c: char| if is_plain(c) { c } else { '?' };
        Self::parse(&what.to_string().chars().map(plain).take(LONGEST).collect::<String>())
    }

    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=LONGEST).contains(&text.len());
        (fits && text.chars().all(is_plain)).then(|| Self(text.to_owned()))
    }

    /// As it was written down. What is none shows as that, and breaks no page: no stamp and no seal of ours is on it.
    pub fn read(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| Self(UNREADABLE.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_prints_as_it_is_and_has_a_bound() {
        let longest = "a".repeat(LONGEST);
        for text in ["+administrator -support", "2001:db8::/64", "everybody", longest.as_str()] {
            assert_eq!(Detail::parse(text).unwrap().as_str(), text);
            assert_eq!(Detail::of(text), Some(Detail::read(text)));
        }
        for other in ["", "a\nb", "a\u{1b}c", "a\u{202e}b", "\u{e4}", &format!("{longest}a")] {
            assert_eq!(Detail::parse(other), None, "{other}");
            assert_eq!(Detail::read(other).as_str(), "(unreadable)", "{other}");
        }
    }

    #[test]
    fn what_others_named_is_shown_as_far_as_it_prints() {
        assert_eq!(Detail::of("f\u{fc}r\n\u{202e}.ndjson").unwrap().as_str(), "f?r??.ndjson");
        assert_eq!(Detail::of("a".repeat(9_999)).unwrap().as_str().len(), LONGEST);
        assert_eq!(Detail::of(""), None);
    }
}

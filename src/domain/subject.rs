//! Under which names events are published: a prefix, and the kind of event behind it.

use std::{fmt, str::FromStr};

use super::event::EventKind;

/// Tokens with dots between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not letters, digits, - and _ with single dots between them, or too long")]
pub struct NotASubject;

impl Subject {
    const LONGEST: usize = 128;

    pub fn of(&self, kind: EventKind) -> String {
        format!("{}.{}", self.0, kind.as_str())
    }

    /// All that are published, as a stream is told to take them.
    pub fn pattern(&self) -> String {
        format!("{}.>", self.0)
    }
}

impl FromStr for Subject {
    type Err = NotASubject;

    fn from_str(given: &str) -> Result<Self, NotASubject> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let is_token = |token: &str| !token.is_empty() && token.bytes().all(plain);
        let is_one = given.len() <= Self::LONGEST && given.split('.').all(is_token);
        is_one.then(|| Self(given.to_owned())).ok_or(NotASubject)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_published_by_its_kind() {
        let subject: Subject = "portcullis.events".parse().unwrap();
        assert_eq!(subject.of(EventKind::SignedIn), "portcullis.events.signed_in");
        assert_eq!(subject.pattern(), "portcullis.events.>");
    }

    #[test]
    fn what_would_mean_something_else_to_a_server_is_no_subject() {
        for given in
            ["", ".", "a.", ".a", "a..b", "a.*", "a.>", "a b", "a\r\nb", "$JS.API", "ä", &"a".repeat(129)]
        {
            assert_eq!(given.parse::<Subject>(), Err(NotASubject), "{given:?}");
        }
        for given in ["a", "a.b-c_D.9", &"a".repeat(128)] {
            assert!(given.parse::<Subject>().is_ok(), "{given}");
        }
    }

    /// A kind with a dot in it would be two tokens.
    #[test]
    fn every_kind_is_one_token() {
        for kind in EventKind::ALL {
            let token: Subject = kind.as_str().parse().unwrap();
            assert!(!token.0.contains('.'), "{token}");
        }
    }
}

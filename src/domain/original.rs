//! The request that a proxy asks leave for: its method and its path, read so that nobody can read them otherwise.

use std::fmt;

/// What a proxy tells of the request it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    pub method: RequestMethod,
    pub path: RequestPath,
}

/// `GET`, `PROPFIND`, or whatever else a client may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestMethod(String);

/// A decoded path, cut at its slashes. One that another program might take for a different path is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPath(Vec<String>);

/// Which paths: whole segments between slashes, `*` for any one of them, `**` at the end for whatever is below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    segments: Vec<Segment>,
    /// Whether it goes on with whatever is below.
    and_below: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Any,
    Exactly(String),
}

/// What cannot be read, or can be read in more than one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a request that can be understood in one way only")]
pub struct Ambiguous;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a path pattern begins with a slash; * stands for one whole segment, ** at the end for what is below"
)]
pub struct InvalidPattern;

impl RequestMethod {
    pub fn parse(name: &str) -> Result<Self, Ambiguous> {
        let plain = name.bytes().all(|b| b.is_ascii_uppercase() || b == b'-' || b == b'_');
        if plain && (1..=32).contains(&name.len()) { Ok(Self(name.to_owned())) } else { Err(Ambiguous) }
    }
}

impl RequestPath {
    /// Reads a request's target, from its first slash on. What follows a question mark or a number sign is not looked at.
    pub fn parse(target: &[u8]) -> Result<Self, Ambiguous> {
        let path = target.split(|b| matches!(b, b'?' | b'#')).next().unwrap_or_default();
        let rest = path.strip_prefix(b"/").ok_or(Ambiguous)?;
        let segments: Vec<String> = rest.split(|&b| b == b'/').map(decode).collect::<Result<_, _>>()?;
        let (_, folders) = segments.split_last().ok_or(Ambiguous)?;
        // Some programs merge slashes and some do not. At the end an empty segment is a folder's own page.
        let merges = folders.iter().any(String::is_empty);
        if merges || segments.iter().any(|segment| climbs(segment)) {
            Err(Ambiguous)
        } else {
            Ok(Self(segments))
        }
    }
}

/// What is encoded may not be a slash, a control character, or encoded again.
fn decode(segment: &[u8]) -> Result<String, Ambiguous> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.iter();
    while let Some(&byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next())
                .zip(hex(bytes.next()))
                .map(|(high, low)| high << 4 | low)
                .ok_or(Ambiguous)?,
            byte if byte.is_ascii_graphic() => byte,
            _ => return Err(Ambiguous),
        });
    }
    let text = String::from_utf8(decoded).map_err(|_| Ambiguous)?;
    let misread = |c: char| matches!(c, '/' | '\\') || c.is_control();
    if text.contains(misread) || is_encoded(&text) { Err(Ambiguous) } else { Ok(text) }
}

fn hex(digit: Option<&u8>) -> Option<u8> {
    char::from(*digit?).to_digit(16).and_then(|value| value.try_into().ok())
}

fn is_encoded(text: &str) -> bool {
    let hex = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_hexdigit());
    text.split('%').skip(1).any(|after| {
        let mut bytes = after.bytes();
        hex(bytes.next()) && hex(bytes.next())
    })
}

/// Also with a parameter behind the dots, which some programs drop before they climb.
fn climbs(segment: &str) -> bool {
    matches!(segment.split(';').next(), Some("." | ".."))
}

impl PathPattern {
    /// A pattern is written as people read a path: nothing in it is encoded.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        let rest = text.strip_prefix('/').ok_or(InvalidPattern)?;
        let (rest, and_below) = match rest.strip_suffix("**") {
            Some("") => ("", true),
            Some(before) => (before.strip_suffix('/').ok_or(InvalidPattern)?, true),
            None => (rest, false),
        };
        let nothing_named = and_below && rest.is_empty();
        let segments = if nothing_named {
            Vec::new()
        } else {
            rest.split('/').map(Segment::parse).collect::<Result<_, _>>()?
        };
        // An empty segment is met at the end of a path only.
        let folders = if and_below { segments.len() } else { segments.len().saturating_sub(1) };
        if segments.iter().take(folders).any(|segment| *segment == Segment::Exactly(String::new())) {
            return Err(InvalidPattern);
        }
        Ok(Self { segments, and_below })
    }

    /// From its first segment to its last.
    pub fn matches(&self, path: &RequestPath) -> bool {
        let RequestPath(given) = path;
        let fits = if self.and_below {
            given.len() > self.segments.len()
        } else {
            given.len() == self.segments.len()
        };
        fits && self.segments.iter().zip(given).all(|(segment, given)| segment.matches(given))
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, InvalidPattern> {
        let forbidden = |c: char| matches!(c, '*' | '?' | '#' | '%' | '\\') || c.is_control();
        match text {
            "*" => Ok(Self::Any),
            text if climbs(text) || text.contains(forbidden) => Err(InvalidPattern),
            text => Ok(Self::Exactly(text.to_owned())),
        }
    }

    fn matches(&self, given: &str) -> bool {
        match self {
            Self::Any => !given.is_empty(),
            Self::Exactly(text) => text == given,
        }
    }
}

impl fmt::Display for RequestMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(target: &str) -> Result<String, Ambiguous> {
        RequestPath::parse(target.as_bytes()).map(|path| format!("/{}", path.0.join("/")))
    }

    fn matches(pattern: &str, target: &str) -> bool {
        PathPattern::parse(pattern).unwrap().matches(&RequestPath::parse(target.as_bytes()).unwrap())
    }

    #[test]
    fn r_43_r_38_what_can_be_read_in_two_ways_is_not_read_at_all() {
        for target in [
            "",
            "*",
            "tickets",
            "?",
            "#",
            "http://host/a",
            "//host/a",
            "/a//b",
            "//",
            "/a/./b",
            "/a/../b",
            "/..",
            "/.",
            "/a/..",
            "/a/..;/b",
            "/..;x=1/b",
            "/.;/b",
            "/%2e%2e/b",
            "/%2E%2e/b",
            "/.%2e/b",
            "/%2e/b",
            "/%2e%2e;/b",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a%5Cb",
            "/a\\b",
            "/..\\b",
            "/%252e%252e/b",
            "/%252fb",
            "/a%25%32%66b",
            "/%00",
            "/a%00b",
            "/a%0d%0ab",
            "/a%7f",
            "/%c2%85",
            "/a\u{0}b",
            "/a b",
            "/a\tb",
            "/a\u{7f}",
            "/b\u{fc}ro",
            "/%",
            "/%2",
            "/%zz",
            "/%u002e",
            "/%+2",
            "/%ff",
            "/%c0%ae%c0%ae/b",
            "/%c0%af",
            "/%e0%80%af",
            "/%ed%a0%80",
        ] {
            assert_eq!(path(target), Err(Ambiguous), "{target:?}");
        }
        assert!(RequestPath::parse(b"/\xff").is_err());
    }

    #[test]
    fn what_people_use_is_read() {
        for (target, read) in [
            ("/", "/"),
            ("/a%20b?q=1", "/a b"),
            ("/a/b/", "/a/b/"),
            ("/b%C3%BCro", "/b\u{fc}ro"),
            ("/100%25", "/100%"),
            ("/what%3F", "/what?"),
            ("/a;v=1/b", "/a;v=1/b"),
            ("/...", "/..."),
            ("/.well-known/x", "/.well-known/x"),
        ] {
            assert_eq!(path(target).as_deref(), Ok(read), "{target}");
        }
    }

    #[test]
    fn r_41_a_pattern_is_anchored_and_sees_neither_query_nor_fragment() {
        for (pattern, target) in [
            ("/", "/"),
            ("/admin", "/admin?x=1#y"),
            ("/admin/*", "/%61dmin/users"),
            ("/admin/*/edit", "/admin/7/edit"),
            ("/tickets/**", "/tickets/"),
            ("/tickets/**", "/tickets/a/b/c"),
            ("/tickets/", "/tickets/"),
            ("/**", "/"),
            ("/b\u{fc}ro/*", "/b%c3%bcro/1"),
        ] {
            assert!(matches(pattern, target), "{pattern} {target}");
        }
        for (pattern, target) in [
            ("/", "/a"),
            ("/admin", "/admin/"),
            ("/admin", "/Admin"),
            ("/admin", "/x/admin"),
            ("/admin", "/admins"),
            ("/admin", "/x?/admin"),
            ("/admin", "/x#/admin"),
            ("/admin", "/x%3F/admin"),
            ("/admin/*", "/admin"),
            ("/admin/*", "/admin/"),
            ("/admin/*", "/admin/a/b"),
            ("/tickets/**", "/tickets"),
            ("/tickets/**", "/ticketsx/a"),
            ("/*/x", "/a/b/x"),
        ] {
            assert!(!matches(pattern, target), "{pattern} {target}");
        }
    }

    #[test]
    fn a_pattern_that_would_be_met_by_nothing_or_by_surprise_is_refused() {
        for pattern in [
            "", "admin", "*", "**", "/a**", "/**/a", "/a*", "/*.json", "/a//b", "//", "/a//**", "/../a",
            "/a/./b", "/a?b", "/a#b", "/a%20b", "/a\\b", "/a\nb", "/***",
        ] {
            assert_eq!(PathPattern::parse(pattern), Err(InvalidPattern), "{pattern:?}");
        }
    }

    #[test]
    fn a_method_is_a_name_in_capitals() {
        for name in ["GET", "M-SEARCH", "VERSION_CONTROL"] {
            assert_eq!(RequestMethod::parse(name).unwrap().to_string(), name);
        }
        for name in ["", "get", "GET ", "G\u{0}T", "GET,POST", &"X".repeat(33)] {
            assert_eq!(RequestMethod::parse(name), Err(Ambiguous), "{name:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn r_43_what_is_read_means_the_same_to_whoever_decodes_or_normalises_it_again(
            target in "/([a-c./;%?#\\\\ *]|%2[eEfF5]|%5[cC]|%00|\\.\\.|%25|%c3%bc|\\PC){0,12}"
        ) {
            let Ok(RequestPath(segments)) = RequestPath::parse(target.as_bytes()) else { return Ok(()) };
            for (at, segment) in segments.iter().enumerate() {
                prop_assert!(!segment.contains(['/', '\\', '\0']));
                prop_assert!(!matches!(segment.split(';').next(), Some("." | "..")));
                prop_assert!(at + 1 == segments.len() || !segment.is_empty());
                prop_assert!(!is_encoded(segment));
            }
        }

        #[test]
        fn r_38_bytes_never_panic(target: Vec<u8>) {
            let _ = RequestPath::parse(&target);
            let _ = RequestPath::parse(&[b"/", target.as_slice()].concat());
        }
    }
}

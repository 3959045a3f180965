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
    /// Reads a request's target, from its first slash on. What follows a question mark is not looked at. A number sign has
    /// no place in a target: some programs end the path there and others do not.
    pub fn parse(target: &[u8]) -> Result<Self, Ambiguous> {
        let path = target.split(|&b| b == b'?').next().unwrap_or_default();
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
            b'#' => return Err(Ambiguous),
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
mod tests;

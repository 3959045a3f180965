//! Newcomers as lines of JSON, from a file or standard input.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use async_trait::async_trait;
use serde::Deserialize;

use crate::{
    store::{BATCH, BoxError},
    system::lines::{self, Line},
};

use super::{Fault, Found, Newcomer, Place, Source};

/// In bytes; what anybody says of a user takes some hundred.
pub(super) const LONGEST: usize = 64 << 10;

/// What some systems begin a file with to say that it is text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

pub struct Lines {
    name: String,
    input: lines::Lines,
    read: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    email: String,
    #[serde(default)]
    password_hash: Option<String>,
    #[serde(default)]
    salt: Option<String>,
    #[serde(default)]
    email_verified: Option<bool>,
    #[serde(default)]
    roles: Option<Vec<String>>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    disabled: Option<bool>,
}

impl Lines {
    /// A folder can be opened, and fails only when it is read, where nobody knows its name any more.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self::of(file, &name))
    }

    pub fn of(input: impl Read + Send + 'static, name: &str) -> Self {
        let input = lines::Lines::read(input, lines::Bounds { longest: LONGEST, batch: BATCH });
        Self { name: name.to_owned(), input, read: 0 }
    }
}

#[async_trait]
impl Source for Lines {
    fn name(&self) -> &str {
        &self.name
    }

    /// Empty lines count and are nobody.
    async fn next(&mut self) -> Result<Vec<Found>, BoxError> {
        loop {
            let lines = self.input.next().await?;
            let was_end = lines.is_empty();
            let numbered = lines.into_iter().zip(self.read + 1..).map(unmarked);
            let found: Vec<Found> = numbered
                .inspect(|(_, number)| self.read = *number)
                .filter(|(line, _)| !matches!(line, Line::Whole(text) if text.trim_ascii().is_empty()))
                .map(|(line, number)| Found { place: Place::Line(number), what: newcomer(&line, number) })
                .collect();
            if was_end || !found.is_empty() {
                return Ok(found);
            }
        }
    }
}

fn unmarked((mut line, number): (Line, u64)) -> (Line, u64) {
    let (Line::Whole(text) | Line::TooLong(text)) = &mut line;
    if number == 1 && text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len());
    }
    (line, number)
}

fn newcomer(line: &Line, number: u64) -> Result<Newcomer, Fault> {
    let (Line::Whole(text) | Line::TooLong(text)) = line;
    if number == 1 && text.trim_ascii_start().starts_with(b"[") {
        return Err(Fault::Array);
    }
    if matches!(line, Line::TooLong(_)) {
        return Err(Fault::TooLong);
    }
    let body: Body = serde_json::from_slice(text).map_err(|error| Fault::Malformed(told(&error)))?;
    Ok(Newcomer {
        email: body.email,
        password_hash: body.password_hash.filter(|hash| !hash.is_empty()).ok_or(Fault::NoHash)?,
        salt: body.salt,
        email_verified: body.email_verified,
        roles: body.roles.unwrap_or_default(),
        created_at: body.created_at,
        disabled: body.disabled.unwrap_or(false),
    })
}

/// Our own names of members may be repeated, and others that look like names; anything else may be a hash, or meant for a terminal.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // From the end, since a name may hold anything.
    let what = text.rsplit_once(" at line ").map_or("", |(what, _)| what);
    let unknown = what.strip_prefix("unknown field `").and_then(|rest| rest.rsplit_once("`, expected "));
    let repeats = match unknown {
        Some((name, _)) => is_a_name(name),
        None => ["missing field", "duplicate field"].iter().any(|ours| what.starts_with(ours)),
    };
    if repeats { what.to_owned() } else { format!("not the JSON it should be, at column {}", error.column()) }
}

fn is_a_name(text: &str) -> bool {
    text.len() <= 32 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

//! The report of an import: a line of JSON about everybody who was not added.
//!
//! It is written beside its name and gets it at the end, so that an older one stays until there is something to tell.

use std::{
    ffi::OsString,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, BufWriter, Write as _},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::super::Failed;
use crate::flows::import_users::{Place, Refusal};

/// There are addresses in it, so nobody else may read it.
pub(super) struct Report {
    named: PathBuf,
    /// `None` where what has the name is no file, such as a terminal: there is nothing to lose.
    draft: Option<Draft>,
    to: BufWriter<File>,
    failed: Option<io::Error>,
}

struct Draft {
    partial: PathBuf,
    whole: PathBuf,
}

/// Which file it is, whatever it is called.
#[derive(PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

/// A line of it.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

/// Whoever is killed leaves one; nobody removes what they have not made.
const MOST_LEFTOVERS: u32 = 100;

impl Report {
    /// None of what is read may be replaced by it.
    pub(super) fn begin(path: &Path, inputs: &[Identity]) -> Result<Self, Failed> {
        let named = path.to_owned();
        let failed = |error: io::Error| format!("{}: {error}", path.display());
        let there = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            there => Some(there.map_err(failed)?),
        };
        let to_be_replaced = there.as_ref().is_none_or(|there| there.is_file() && !is_where_we_speak(there));
        if there.is_some_and(|there| to_be_replaced && inputs.contains(&Identity::of(&there))) {
            let sentence = "the report would replace what is read; give it another name";
            return Err(Failed::Misused(format!("{}: {sentence}", path.display())));
        }
        let (draft, file) = if to_be_replaced {
            let (draft, file) = Draft::begin(path).map_err(failed)?;
            (Some(draft), file)
        } else {
            (None, OpenOptions::new().append(true).open(path).map_err(failed)?)
        };
        Ok(Self { named, draft, to: BufWriter::new(file), failed: None })
    }

    pub(super) fn write(&mut self, Refusal { place, fault, email }: &Refusal) {
        let (line, id) = match place {
            Place::Line(number) => (Some(*number), None),
            Place::Document(id) => (None, Some(id.as_str())),
        };
        let told = Told { line, id, code: fault.code(), detail: fault.to_string(), email: email.as_deref() };
        let written = serde_json::to_writer(&mut self.to, &told).map_err(io::Error::from);
        if let (Err(error), None) = (written.and_then(|()| self.to.write_all(b"\n")), &self.failed) {
            self.failed = Some(error);
        }
    }

    /// Takes the place of an older one, unless there was nobody to tell of.
    pub(super) fn end(self, anybody: bool) -> Result<(), String> {
        let Self { named, draft, mut to, failed } = self;
        let written = failed.map_or_else(|| to.flush(), Err);
        let ended = match (written, draft) {
            (Ok(()), Some(draft)) if anybody => draft.take_place(to.get_ref()),
            (written, Some(draft)) => fs::remove_file(&draft.partial).and(written),
            (written, None) => written,
        };
        ended.map_err(|error| format!("{}: {error}", named.display()))
    }
}

impl Draft {
    /// Beside the file itself, where a link leads to it.
    fn begin(path: &Path) -> io::Result<(Self, File)> {
        let whole = if path.exists() { fs::canonicalize(path)? } else { path.to_owned() };
        let mut leftovers = 0;
        loop {
            let partial = partial(&whole, leftovers);
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && leftovers < MOST_LEFTOVERS => {
                    leftovers += 1;
                }
                made => return Ok((Self { partial, whole }, made?)),
            }
        }
    }

    fn take_place(self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(&self.partial, &self.whole)
    }
}

fn partial(whole: &Path, leftovers: u32) -> PathBuf {
    let mut name: OsString = whole.into();
    name.push(".partial");
    if leftovers > 0 {
        name.push(leftovers.to_string());
    }
    name.into()
}

/// Standard output and error may lead to a file, which holds more than the report.
fn is_where_we_speak(there: &Metadata) -> bool {
    let ours = ["/dev/stdout", "/dev/stderr"].map(fs::metadata);
    ours.iter().flatten().any(|ours| Identity::of(ours) == Identity::of(there))
}

impl Identity {
    pub(super) fn of(there: &Metadata) -> Self {
        Self { device: there.dev(), inode: there.ino() }
    }
}

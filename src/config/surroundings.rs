//! What the configuration is read from: the environment, files, and what kind of place this is.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, IsTerminal, Read},
    path::Path,
};

/// No secret is longer; a device or a log given by mistake is not read to its end.
const LONGEST_FILE: u64 = 64 * 1024;

/// All of it is an argument, so that a test never touches the process.
pub struct Sources<'a> {
    pub vars: BTreeMap<OsString, OsString>,
    /// Whether a person watches what is printed.
    pub terminal: bool,
    pub read_file: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// The kind of place this is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings {
    pub terminal: bool,
    pub cluster: bool,
}

impl Sources<'_> {
    /// The one place that reads the environment of the process.
    pub fn of_process() -> Self {
        Self {
            vars: std::env::vars_os().collect(),
            terminal: io::stdout().is_terminal(),
            read_file: &read_file,
        }
    }

    pub(super) fn surroundings(&self) -> Surroundings {
        Surroundings {
            terminal: self.terminal,
            cluster: self.vars.contains_key(OsStr::new("KUBERNETES_SERVICE_HOST")),
        }
    }
}

fn read_file(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST_FILE {
        return Err(io::Error::other("longer than 64 KiB"));
    }
    Ok(text)
}

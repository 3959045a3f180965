//! One line on the terminal of somebody who waits; nothing for whoever collects output.

use std::io::{self, IsTerminal, Write};

pub(super) struct Line {
    what: &'static str,
    watched: bool,
}

impl Line {
    pub(super) fn start(what: &'static str) -> Self {
        Self { what, watched: io::stderr().is_terminal() }
    }

    pub(super) fn show(&self, number: u64) {
        if self.watched {
            // Who does not see it misses nothing.
            let _ = write!(io::stderr(), "\r\x1b[K{number} {}", self.what);
        }
    }

    /// As if nothing had been there.
    pub(super) fn end(&self) {
        if self.watched {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

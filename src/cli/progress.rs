//! One line on the terminal of somebody who waits; nothing for whoever collects output.

use std::io::{self, IsTerminal, Write};

use super::counted;

pub(super) struct Line {
    what: &'static str,
    done: &'static str,
    watched: bool,
}

impl Line {
    /// One of what is counted, and what happens to it.
    pub(super) fn start(what: &'static str, done: &'static str) -> Self {
        Self { what, done, watched: io::stderr().is_terminal() }
    }

    pub(super) fn show(&self, number: u64) {
        if self.watched {
            // Who does not see it misses nothing.
            let _ = write!(io::stderr(), "\r\x1b[K{} {}", counted(number, self.what), self.done);
        }
    }

    /// As if nothing had been there.
    pub(super) fn end(&self) {
        if self.watched {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

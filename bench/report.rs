//! What was measured, beside what was promised.

/// Collects lines, and whether every promise was kept.
#[derive(Default)]
pub(crate) struct Report {
    broken: Vec<String>,
}

impl Report {
    /// A figure without a promise.
    pub(crate) fn say(what: &str, figure: &str) {
        println!("  {what:<58} {figure}");
    }

    pub(crate) fn promise(&mut self, what: &str, figure: &str, promise: &str, kept: bool) {
        println!("  {what:<58} {figure:<22} {promise} {}", if kept { "ok" } else { "BROKEN" });
        if !kept {
            self.broken.push(format!("{what}: {figure}, promised {promise}"));
        }
    }

    /// Fails the run when a promise was not kept.
    pub(crate) fn end(self) {
        if !self.broken.is_empty() {
            eprintln!("broken promises:\n  {}", self.broken.join("\n  "));
            std::process::exit(1);
        }
    }
}

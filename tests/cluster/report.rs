//! What was seen, beside what was promised.

#[derive(Default)]
pub(crate) struct Report(Vec<String>);

impl Report {
    /// A figure without a promise.
    pub(crate) fn say(what: &str, figure: &str) {
        println!("  {what:<62} {figure}");
    }

    pub(crate) fn promise(&mut self, what: &str, figure: &str, promise: &str, kept: bool) {
        println!("  {what:<62} {figure:<24} {promise:<18} {}", if kept { "ok" } else { "BROKEN" });
        if !kept {
            self.0.push(format!("{what}: {figure}"));
        }
    }

    /// Fails when a promise was not kept.
    pub(crate) fn end(self) {
        assert!(self.0.is_empty(), "broken promises:\n  {}", self.0.join("\n  "));
        println!("all promises were kept");
    }
}

//! What is wrong with the configuration, told all at once and by the variables' whole names.

use std::fmt;

use super::{sections::LogFormat, setting::Setting};

/// What is wrong with one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The name somebody set, or has to set.
    pub variable: String,
    /// What was given, where it may be shown.
    pub given: Option<String>,
    pub problem: String,
}

/// Why the service cannot start.
#[derive(Debug)]
pub struct Misconfigured {
    pub faults: Vec<Fault>,
    /// A misspelt name is often the reason why another variable is missing.
    pub warnings: Vec<String>,
    /// How to say so: as it was asked for, if that much could be read.
    pub log_format: LogFormat,
}

impl Misconfigured {
    pub(super) fn of(faults: Vec<Fault>, unknown: Option<String>, settings: &[Setting]) -> Self {
        let json =
            |setting: &Setting| setting.variable.name == "PORTCULLIS_LOG_FORMAT" && setting.text() == "json";
        let log_format = if settings.iter().any(json) { LogFormat::Json } else { LogFormat::Text };
        Self { faults, warnings: unknown.into_iter().collect(), log_format }
    }
}

impl std::error::Error for Misconfigured {}

impl fmt::Display for Misconfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, settings) = match self.faults.len() {
            1 => (1, "setting is"),
            number => (number, "settings are"),
        };
        write!(f, "portcullis cannot start: {number} {settings} wrong")?;
        let width = self.faults.iter().map(|fault| fault.variable.len()).max().unwrap_or(0);
        for Fault { variable, given, problem } in &self.faults {
            write!(f, "\n  {variable:width$}  ")?;
            if let Some(given) = given {
                write!(f, "{:?}: ", shortened(given))?;
            }
            f.write_str(problem)?;
        }
        self.warnings.iter().try_for_each(|warning| write!(f, "\nwarning: {warning}"))
    }
}

/// Enough of it to recognise.
fn shortened(given: &str) -> String {
    const ENOUGH: usize = 100;
    let mut short: String = given.chars().take(ENOUGH).collect();
    if short.len() < given.len() {
        short.push('…');
    }
    short
}

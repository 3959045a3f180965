//! What somebody found who looked whether all is well, and what to do about it.

/// The worst comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Wrong,
    Warning,
    /// Nobody could look.
    Unknown,
    Fine,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in a word or two that do not change.
    pub check: &'static str,
    pub state: State,
    pub what: String,
    /// Only of what is fine there is nothing to say.
    pub advice: Option<String>,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Wrong, Self::Warning, Self::Unknown, Self::Fine];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Fine => "fine",
        }
    }
}

impl Finding {
    pub fn fine(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, state: State::Fine, what: what.into(), advice: None }
    }

    pub fn wrong(check: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, State::Wrong, what, advice)
    }

    pub fn warning(check: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, State::Warning, what, advice)
    }

    pub fn unknown(check: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, State::Unknown, what, advice)
    }

    pub fn new(
        check: &'static str,
        state: State,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { check, state, what: what.into(), advice: Some(advice.into()) }
    }
}

/// What was found, or that nothing was.
pub fn or_fine(found: Vec<Finding>, check: &'static str, what: impl Into<String>) -> Vec<Finding> {
    if found.is_empty() { vec![Finding::fine(check, what)] } else { found }
}

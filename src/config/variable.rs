//! What one variable is: its name, what it decides, what it may be, and what it is when nobody sets it.

use super::surroundings::Surroundings;

/// Every variable of ours begins with it.
pub(super) const PREFIX: &str = "PORTCULLIS_";

/// The one declaration of a variable: reading, `portcullis config` and `docs/configuration.md` all come from it.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Whole, so that it can be searched for.
    pub name: &'static str,
    pub meaning: &'static str,
    pub allowed: Allowed,
    pub default: Unset,
    pub example: &'static str,
    /// Only a secret has one: how it is shown. It may also be given as a file.
    pub mask: Option<fn(&str) -> String>,
}

/// What a variable may be.
#[derive(Clone, Copy, Debug)]
pub enum Allowed {
    /// Whatever fits this description.
    Described(&'static str),
    /// A document that fits this description; it may also be given as a file.
    Document(&'static str),
    /// One of these names, each with what it means.
    OneOf(fn() -> Vec<(&'static str, &'static str)>),
}

/// What a variable is when nobody sets it.
#[derive(Clone, Copy, Debug)]
pub enum Unset {
    Always(&'static str),
    /// For a person who watches, and for a program that collects.
    ByTerminal {
        terminal: &'static str,
        otherwise: &'static str,
    },
    /// Where somebody watches, and where nobody does.
    ByPlace {
        laptop: &'static str,
        cluster: &'static str,
    },
    /// Right on a laptop, a trap in a cluster: there it must be set.
    OutsideCluster(&'static str),
}

impl Variable {
    /// The variable that names a file with the value in it.
    pub fn file_name(&self) -> Option<String> {
        let may_be_a_file = self.mask.is_some() || matches!(self.allowed, Allowed::Document(_));
        may_be_a_file.then(|| format!("{}_FILE", self.name))
    }

    /// What would have been right. Names are their own example.
    pub fn expected(&self) -> String {
        let allowed = self.allowed.sentence();
        match self.allowed {
            Allowed::Described(_) | Allowed::Document(_) => {
                format!("expected {allowed}, e.g. {}", self.example)
            }
            Allowed::OneOf(_) => format!("expected {allowed}"),
        }
    }

    /// How a value of it may be shown.
    pub fn shown(&self, value: &str) -> String {
        // Where the public half of a key belongs, somebody may have put the other one.
        if value.to_ascii_uppercase().contains("AGE-SECRET-KEY-") {
            return "***".to_owned();
        }
        self.mask.map_or_else(|| value.to_owned(), |mask| mask(value))
    }
}

impl Allowed {
    /// In words, as a list of names or as the description.
    pub fn sentence(&self) -> String {
        match self {
            Self::Described(text) | Self::Document(text) => (*text).to_owned(),
            Self::OneOf(choices) => listed(&choices().iter().map(|(name, _)| *name).collect::<Vec<_>>()),
        }
    }
}

impl Unset {
    pub(super) const fn value(&self, surroundings: Surroundings) -> &'static str {
        match self {
            Self::Always(value) | Self::OutsideCluster(value) => value,
            Self::ByPlace { laptop, cluster } => {
                if surroundings.cluster {
                    cluster
                } else {
                    laptop
                }
            }
            Self::ByTerminal { terminal, otherwise } => {
                if surroundings.terminal {
                    terminal
                } else {
                    otherwise
                }
            }
        }
    }
}

/// `a, b or c`
fn listed(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => names.concat(),
    }
}

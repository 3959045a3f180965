//! One variable as it was found: its text, and where that came from.

use std::{
    ffi::OsStr,
    fmt,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use super::{
    fault::Fault,
    surroundings::Sources,
    variable::{Unset, Variable},
};

pub struct Setting {
    pub variable: &'static Variable,
    pub found_in: FoundIn,
    text: SecretString,
}

/// Where the text of a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundIn {
    Default,
    Environment,
    File(PathBuf),
}

impl Setting {
    /// The variable itself, the file it names, or its default.
    pub(super) fn find(variable: &'static Variable, sources: &Sources) -> Result<Self, Fault> {
        let found = |found_in, text: String| Ok(Self { variable, found_in, text: text.into() });
        let file_name = variable.file_name();
        let file = file_name.as_deref().map_or(Ok(None), |name| given(name, sources))?;
        match (given(variable.name, sources)?, file) {
            (Some(_), Some(_)) => Err(fault(variable, both(variable))),
            (Some(text), None) => found(FoundIn::Environment, text),
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                found(FoundIn::File(path.clone()), contents(variable, &path, sources)?)
            }
            (None, None) if must_be_set(variable, sources) => Err(fault(variable, missing(variable))),
            (None, None) => Ok(Self::default_of(variable, sources)),
        }
    }

    pub(super) fn default_of(variable: &'static Variable, sources: &Sources) -> Self {
        let text = variable.default.value(sources.surroundings());
        Self { variable, found_in: FoundIn::Default, text: text.into() }
    }

    /// As it may be shown.
    pub fn shown(&self) -> String {
        self.variable.shown(self.text.expose_secret())
    }

    pub(super) fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// What is wrong with it, under the name by which it was set.
    pub(super) fn fault(&self, reason: &str) -> Fault {
        let Variable { name, allowed, example, mask, .. } = self.variable;
        let by_file = matches!(self.found_in, FoundIn::File(_)).then(|| self.variable.file_name()).flatten();
        let expected = format!("expected {}, e.g. {example}", allowed.sentence());
        let problem = if reason.is_empty() { expected } else { format!("{reason}; {expected}") };
        Fault {
            variable: by_file.unwrap_or_else(|| (*name).to_owned()),
            given: mask.is_none().then(|| self.text().to_owned()),
            problem,
        }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?} ({:?})", self.variable.name, self.shown(), self.found_in)
    }
}

impl fmt::Display for FoundIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "file {}", path.display()),
        }
    }
}

/// Empty is unset: that is what an empty key of a `ConfigMap` means.
fn given(name: &str, sources: &Sources) -> Result<Option<String>, Fault> {
    let Some(value) = sources.vars.get(OsStr::new(name)).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let text = value.to_str().ok_or_else(|| Fault {
        variable: name.to_owned(),
        given: None,
        problem: "its value is not Unicode (UTF-8)".to_owned(),
    })?;
    Ok(Some(text.to_owned()))
}

/// Editors and `echo` end a file with a newline that is no part of the secret.
fn contents(variable: &Variable, path: &Path, sources: &Sources) -> Result<String, Fault> {
    let mut text = (sources.read_file)(path).map_err(|error| Fault {
        variable: variable.file_name().unwrap_or_default(),
        given: Some(path.display().to_string()),
        problem: format!("cannot be read: {error}"),
    })?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

fn must_be_set(variable: &Variable, sources: &Sources) -> bool {
    matches!(variable.default, Unset::OutsideCluster(_)) && sources.surroundings().cluster
}

fn missing(variable: &Variable) -> String {
    format!(
        "must be set inside a cluster: expected {}, e.g. {}",
        variable.allowed.sentence(),
        variable.example
    )
}

fn both(variable: &Variable) -> String {
    format!("is given by {}_FILE too: set one of them", variable.name)
}

fn fault(variable: &Variable, problem: String) -> Fault {
    Fault { variable: variable.name.to_owned(), given: None, problem }
}

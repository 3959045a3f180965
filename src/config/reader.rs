//! Reads sections with envy, which stops at the first fault of a section and does not say whose it is.

use serde::de::DeserializeOwned;
use validator::{Validate, ValidationErrors};

use super::{
    fault::Fault,
    setting::{FoundIn, Setting},
    surroundings::Sources,
    variable::Variable,
};

pub(super) struct Reader {
    settings: Vec<Setting>,
    /// The same variables, when nobody has set anything.
    defaults: Vec<Setting>,
    faults: Vec<Fault>,
}

impl Reader {
    pub(super) fn new(sources: &Sources, variables: impl Iterator<Item = &'static Variable> + Clone) -> Self {
        let defaults: Vec<Setting> =
            variables.clone().map(|variable| Setting::default_of(variable, sources)).collect();
        let mut faults = Vec::new();
        let found = variables.map(|variable| {
            Setting::find(variable, sources).unwrap_or_else(|fault| {
                faults.push(fault);
                Setting::default_of(variable, sources)
            })
        });
        Self { settings: found.collect(), defaults, faults }
    }

    /// Tries one variable at a time, all others at their defaults: so every fault is found, and it is clear whose it is.
    pub(super) fn section<T: DeserializeOwned + Validate>(&mut self, prefix: &str) -> Option<T> {
        let given = self.settings.iter().filter(|setting| {
            setting.found_in != FoundIn::Default && setting.variable.name.starts_with(prefix)
        });
        for setting in given {
            let defaults = self.defaults.iter().filter(|other| other.variable.name != setting.variable.name);
            if let Err(reason) = read::<T>(prefix, defaults.chain([setting])) {
                self.faults.push(setting.fault(&reason));
            }
        }
        read(prefix, self.settings.iter()).ok()
    }

    /// What only two sections together show to be wrong.
    pub(super) fn fault(&mut self, variable: &str, reason: &str) {
        let setting = self.settings.iter().find(|setting| setting.variable.name == variable);
        self.faults.extend(setting.map(|setting| setting.fault(reason)));
    }

    pub(super) fn finish(self) -> (Vec<Setting>, Vec<Fault>) {
        (self.settings, self.faults)
    }
}

fn read<'a, T: DeserializeOwned + Validate>(
    prefix: &str,
    settings: impl Iterator<Item = &'a Setting>,
) -> Result<T, String> {
    let vars = settings.map(|setting| (setting.variable.name.to_owned(), setting.text().to_owned()));
    let section: T = envy::prefixed(prefix).from_iter(vars).map_err(|error| error.to_string())?;
    section.validate().map_err(|errors| message(&errors))?;
    Ok(section)
}

/// A rule without a message leaves it to the declaration to say what is expected.
fn message(errors: &ValidationErrors) -> String {
    let errors = errors.field_errors();
    let message = errors.values().copied().flatten().find_map(|error| error.message.as_deref());
    message.unwrap_or_default().to_owned()
}

//! Values that are chosen by name: the names, and what the documentation says of each.

use serde::{Deserialize, Deserializer, de::Error};

use super::sections::LogFormat;
use crate::domain::{
    cost::Cost,
    policy::{PasswordPolicy, SessionPreset, SignUpAnswer},
    throttle::ThrottlePreset,
};

pub(super) trait Choice: Copy + 'static {
    /// Name, value, meaning.
    const CHOICES: &'static [(&'static str, Self, &'static str)];
}

impl Choice for Cost {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("standard", Self::STANDARD, "the setting that OWASP and ASVS both accept"),
        (
            "low-memory",
            Self::LOW_MEMORY,
            "five eighths of the work in an eighth of the memory; OWASP accepts it",
        ),
        (
            "node",
            Self::NODE,
            "what Node's `scrypt` does unless told otherwise; below both, warned about at start",
        ),
    ];
}

impl Choice for ThrottlePreset {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        (
            "standard",
            Self::Standard,
            "after five wrong passwords for an address the next one waits a second, and after each further one twice as long, up to 15 minutes; \
             after a hundred none is looked at, until another one was chosen by mail. A browser that somebody signed in with before has a count of its own, \
             so that no stranger shuts them out. A network that tried fifteen different wrong pairs of address and password within three hours waits a day; it may sign up \
             sixty times an hour, and as often ask for another password",
        ),
        ("off", Self::Off, "nothing: for benchmarks, and warned about at start"),
    ];
}

impl Choice for PasswordPolicy {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        (
            "standard",
            Self::Standard,
            "8 to 1,024, not the address, none that leaked often, and none that is easily guessed",
        ),
        ("nist", Self::Nist, "15 to 1,024, not the address, and none that leaked often"),
        (
            "ticketing",
            Self::Ticketing,
            "4 to 20 and nothing else, to take over a platform; warned about at start",
        ),
    ];
}

impl Choice for SignUpAnswer {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        (
            "direct",
            Self::Direct,
            "whether the address is taken; whoever signs up is signed in at once, and mailed a link to verify the address",
        ),
        (
            "neutral",
            Self::Neutral,
            "nothing: always 202, and a mail to whoever owns the address; nobody signs in before theirs is verified",
        ),
    ];
}

impl Choice for SessionPreset {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("relaxed", Self::Relaxed, "14 days unused, 30 days at all"),
        ("aal2", Self::Aal2, "1 hour unused, 24 hours at all"),
        ("aal3", Self::Aal3, "15 minutes unused, 12 hours at all"),
    ];
}

impl Choice for LogFormat {
    const CHOICES: &'static [(&'static str, Self, &'static str)] =
        &[("text", Self::Text, "for people"), ("json", Self::Json, "for programs")];
}

/// The names and their meanings.
pub(super) fn choices<T: Choice>() -> Vec<(&'static str, &'static str)> {
    T::CHOICES.iter().map(|(name, _, meaning)| (*name, *meaning)).collect()
}

pub(super) fn by_name<'de, T: Choice, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let given = String::deserialize(deserializer)?;
    let chosen = T::CHOICES.iter().find(|(name, _, _)| *name == given);
    chosen.map(|(_, value, _)| *value).ok_or_else(|| D::Error::custom(""))
}

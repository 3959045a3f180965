//! What somebody may do, by name.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Role(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is 1 to 64 lower-case letters, digits and hyphens")]
pub struct InvalidRole;

impl TryFrom<&str> for Role {
    type Error = InvalidRole;

    fn try_from(name: &str) -> Result<Self, InvalidRole> {
        let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if plain && (1..=64).contains(&name.len()) { Ok(Self(name.to_owned())) } else { Err(InvalidRole) }
    }
}

impl Role {
    /// Who has it sees what happened to everybody.
    pub fn is_admin(&self) -> bool {
        self.0 == "admin"
    }

    pub const fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

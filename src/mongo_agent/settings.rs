//! What the agent is told: its section of the environment, as the types it works with.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error};
use validator::{Validate, ValidationError};

use super::names::{Database, Host, Hosts, Pattern, Pod};

/// `PORTCULLIS_AGENT_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(deserialize_with = "parsed")]
    pub(super) pod: Pod,
    #[validate(custom(function = "is_a_namespace"))]
    pub(super) namespace: String,
    /// How many members the set is meant to have.
    #[serde(deserialize_with = "parsed")]
    #[validate(range(min = 1, max = 50))]
    pub(super) members: u8,
    /// The one database of the service.
    #[serde(deserialize_with = "parsed")]
    pub(super) database: Database,
    pub(super) users_dir: PathBuf,
    #[serde(deserialize_with = "parsed")]
    pub(super) listen: SocketAddr,
    #[serde(deserialize_with = "parsed")]
    pub(super) step_down_listen: SocketAddr,
    /// Our own mongod, at an address from which it takes us for a neighbour.
    #[serde(deserialize_with = "parsed")]
    pub(super) mongod: Host,
    #[serde(deserialize_with = "path_or_nothing")]
    pub(super) tls_ca_file: Option<PathBuf>,
    #[validate(custom(function = "is_a_namespace"))]
    pub(super) domain: String,
    #[serde(deserialize_with = "parsed")]
    hosts: Pattern,
}

impl Settings {
    /// Where each member is reached.
    pub(super) fn hosts(&self) -> Hosts {
        self.hosts.fill(self.pod.name(), &self.namespace, &self.domain)
    }

    /// The name under which our own mongod is a member.
    pub(super) fn own_host(&self) -> Host {
        self.hosts().of(self.pod.ordinal())
    }
}

/// What such a value looks like is said by its declaration, so the parser's own words are left out.
fn parsed<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(|_| D::Error::custom(""))
}

/// Empty is unset.
fn path_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let given = String::deserialize(deserializer)?;
    Ok(Some(given).filter(|given| !given.is_empty()).map(PathBuf::from))
}

/// Labels of the domain name system, with dots between them.
fn is_a_namespace(name: &str) -> Result<(), ValidationError> {
    let label = |label: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !label.is_empty() && label.len() <= 63 && label.chars().all(plain)
    };
    if name.split('.').all(label) { Ok(()) } else { Err(ValidationError::new("name")) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn settings(ordinal: u8, members: u8, hosts: &str) -> Settings {
        let vars = [
            ("pod", format!("m-{ordinal}")),
            ("namespace", "n".to_owned()),
            ("members", members.to_string()),
            ("database", "auth".to_owned()),
            ("users_dir", "/".to_owned()),
            ("listen", "127.0.0.1:1".to_owned()),
            ("step_down_listen", "127.0.0.1:1".to_owned()),
            ("mongod", "127.0.0.1:2".to_owned()),
            ("tls_ca_file", String::new()),
            ("domain", "svc".to_owned()),
            ("hosts", hosts.to_owned()),
        ];
        envy::from_iter(vars.into_iter().map(|(name, value)| (name.to_owned(), value))).unwrap()
    }
}

//! The settings as parsed types, one flat section for each prefix, because envy reads nothing deeper.
//!
//! Names, defaults and meanings are in `variables.rs`; a field that is not declared there, or a declaration without its
//! field, fails every start.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};
use validator::{Validate, ValidationError};

use super::{choice::by_name, networks::networks, store_url::StoreUrl};
use crate::domain::{
    cost::Cost,
    origin::Origin,
    policy::{PasswordPolicy, SessionPreset},
};

/// `PORTCULLIS_PUBLIC_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Public {
    #[serde(deserialize_with = "parsed")]
    pub listen: SocketAddr,
    pub origin: Origin,
}

/// `PORTCULLIS_INTERNAL_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Internal {
    #[serde(deserialize_with = "parsed")]
    pub listen: SocketAddr,
}

/// `PORTCULLIS_STORE_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Store {
    pub url: StoreUrl,
}

/// `PORTCULLIS_PASSWORD_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Password {
    #[serde(deserialize_with = "by_name")]
    pub cost: Cost,
    #[serde(deserialize_with = "by_name")]
    pub policy: PasswordPolicy,
}

/// `PORTCULLIS_SESSION_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Session {
    #[serde(deserialize_with = "by_name")]
    pub preset: SessionPreset,
}

/// `PORTCULLIS_TRUSTED_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Trusted {
    #[serde(deserialize_with = "networks")]
    pub proxies: Vec<IpNet>,
}

/// `PORTCULLIS_LOG_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Log {
    #[serde(deserialize_with = "by_name")]
    pub format: LogFormat,
    /// A filter as `tracing_subscriber::EnvFilter` reads it.
    #[validate(custom(function = "is_a_filter"))]
    pub level: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// `PORTCULLIS_DATA_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Data {
    pub dir: PathBuf,
}

/// What such a value looks like is said by its declaration, so the parser's own words are left out.
fn parsed<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(|_| D::Error::custom(""))
}

/// To tracing a single word that is no level is a part of the program: a misspelt level would silence the log.
fn is_a_filter(level: &str) -> Result<(), ValidationError> {
    let single = |word: &&str| !word.contains(['=', '[']);
    let misspelt = level.split(',').filter(single).any(|word| word.trim().parse::<LevelFilter>().is_err());
    if misspelt || EnvFilter::builder().parse(level).is_err() {
        return Err(ValidationError::new("log_level"));
    }
    Ok(())
}

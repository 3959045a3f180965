//! The settings as parsed types, one flat section for each prefix, because envy reads nothing deeper.
//!
//! Names, defaults and meanings are in `variables.rs`; a test compares the two.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use ipnet::IpNet;
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de::Error};
use tracing_subscriber::filter::{LevelFilter, Targets};
use validator::{Validate, ValidationError};
use zeroize::Zeroizing;

use super::{choice::by_name, duration::duration, networks::networks, rules::rules, store_url::StoreUrl};
use crate::domain::{
    access_token::TokenRules,
    cost::Cost,
    origin::Origin,
    policy::{PasswordPolicy, SessionPreset, SignUpAnswer},
    rule::RuleBook,
    sealed::KeySecrets,
    throttle::ThrottlePreset,
};

/// `PORTCULLIS_PUBLIC_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Public {
    #[serde(deserialize_with = "parsed")]
    pub listen: SocketAddr,
    pub origin: Origin,
    #[serde(deserialize_with = "path_if_any")]
    pub tls_cert_file: Option<PathBuf>,
    #[serde(deserialize_with = "path_if_any")]
    pub tls_key_file: Option<PathBuf>,
}

/// `PORTCULLIS_INTERNAL_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Internal {
    #[serde(deserialize_with = "parsed")]
    pub listen: SocketAddr,
    #[serde(deserialize_with = "path_if_any")]
    pub tls_cert_file: Option<PathBuf>,
    #[serde(deserialize_with = "path_if_any")]
    pub tls_key_file: Option<PathBuf>,
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
    #[serde(deserialize_with = "parsed")]
    #[validate(range(max = 10))]
    pub history: usize,
}

/// `PORTCULLIS_SIGNUP_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    #[serde(deserialize_with = "by_name")]
    pub answer: SignUpAnswer,
}

/// `PORTCULLIS_THROTTLE_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    #[serde(deserialize_with = "by_name")]
    pub preset: ThrottlePreset,
}

/// `PORTCULLIS_SESSION_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Session {
    #[serde(deserialize_with = "by_name")]
    pub preset: SessionPreset,
    #[serde(deserialize_with = "parsed")]
    #[validate(range(min = 1, max = 1_000))]
    pub limit: u32,
    #[serde(deserialize_with = "duration")]
    #[validate(custom(function = "is_a_grace"))]
    pub grace: SignedDuration,
}

/// `PORTCULLIS_EVENTS_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Events {
    #[serde(deserialize_with = "duration")]
    #[validate(custom(function = "is_a_retention"))]
    pub retention: SignedDuration,
}

/// `PORTCULLIS_KEY_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Key {
    #[serde(deserialize_with = "key_secrets")]
    pub secret: Option<KeySecrets>,
}

/// `PORTCULLIS_TOKEN_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Token {
    #[validate(custom(function = "is_an_audience"))]
    pub audience: String,
    #[serde(deserialize_with = "duration")]
    #[validate(custom(function = "is_a_lifetime"))]
    pub ttl: SignedDuration,
}

/// `PORTCULLIS_FORWARD_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Forward {
    #[serde(deserialize_with = "rules")]
    pub auth_rules: RuleBook,
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
    /// A filter as `tracing_subscriber::filter::Targets` reads it.
    #[serde(deserialize_with = "filter")]
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
pub(super) fn parsed<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(|_| D::Error::custom(""))
}

/// Empty is unset.
pub(super) fn path_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let given = String::deserialize(deserializer)?;
    Ok(Some(given).filter(|given| !given.is_empty()).map(PathBuf::from))
}

/// Empty is unset.
fn key_secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<KeySecrets>, D::Error> {
    let given = Zeroizing::new(String::deserialize(deserializer)?);
    let secrets = Some(given.as_str()).filter(|given| !given.is_empty());
    secrets.map(KeySecrets::parse).transpose().map_err(|_| D::Error::custom(""))
}

fn is_an_audience(audience: &str) -> Result<(), ValidationError> {
    let plain = audience.chars().all(|c| c.is_ascii_graphic());
    if plain && audience.len() <= 256 { Ok(()) } else { Err(ValidationError::new("audience")) }
}

/// Long enough for a request that was begun, and short enough for the keys that are kept for it.
fn is_a_lifetime(ttl: &SignedDuration) -> Result<(), ValidationError> {
    let sensible = (SignedDuration::from_mins(1)..=TokenRules::LONGEST).contains(ttl);
    if sensible { Ok(()) } else { Err(ValidationError::new("lifetime")) }
}

/// Whoever finds a replaced secret has so long to use it.
fn is_a_grace(grace: &SignedDuration) -> Result<(), ValidationError> {
    if *grace <= SignedDuration::from_mins(1) { Ok(()) } else { Err(ValidationError::new("grace")) }
}

/// Less than a day is over before anybody looks; more than ten years is for archives.
fn is_a_retention(retention: &SignedDuration) -> Result<(), ValidationError> {
    const DAY: SignedDuration = SignedDuration::from_hours(24);
    if (DAY..=DAY * 3_660).contains(retention) { Ok(()) } else { Err(ValidationError::new("retention")) }
}

/// Blanks around a word would be part of its name.
fn filter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let words = String::deserialize(deserializer)?;
    Ok(words.split(',').map(str::trim).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(","))
}

/// To tracing a single word that is no level is a part of the program: a misspelt level would silence the log.
fn is_a_filter(level: &str) -> Result<(), ValidationError> {
    let single = |word: &&str| !word.contains('=');
    let misspelt = level.split(',').filter(single).any(|word| word.parse::<LevelFilter>().is_err());
    // By spans: that is of another filter.
    if misspelt || level.contains('[') || level.parse::<Targets>().is_err() {
        return Err(ValidationError::new("log_level"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde::{
        de::{DeserializeOwned, Visitor, value::Error as Nothing},
        forward_to_deserialize_any,
    };

    use super::{
        super::{
            backup::Backup, mail::Mail, nats::Nats, otlp::Otlp, variables::VARIABLES, webhooks::Webhooks,
        },
        *,
    };

    /// Notes which fields a section asks for, and gives it nothing.
    struct Fields<'a>(&'a mut Vec<String>, &'a str);

    impl<'de> Deserializer<'de> for Fields<'_> {
        type Error = Nothing;

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &str,
            fields: &[&str],
            _: V,
        ) -> Result<V::Value, Nothing> {
            self.0.extend(fields.iter().map(|field| format!("{}{}", self.1, field.to_uppercase())));
            Err(Nothing::custom(""))
        }

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Nothing> {
            Err(Nothing::custom(""))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    fn note<T: DeserializeOwned>(names: &mut Vec<String>, prefix: &str) {
        assert!(T::deserialize(Fields(names, prefix)).is_err());
    }

    #[test]
    fn every_field_is_declared_and_every_declaration_is_a_field() {
        let mut fields = Vec::new();
        note::<Public>(&mut fields, "PORTCULLIS_PUBLIC_");
        note::<Internal>(&mut fields, "PORTCULLIS_INTERNAL_");
        note::<Store>(&mut fields, "PORTCULLIS_STORE_");
        note::<Password>(&mut fields, "PORTCULLIS_PASSWORD_");
        note::<SignUp>(&mut fields, "PORTCULLIS_SIGNUP_");
        note::<Throttle>(&mut fields, "PORTCULLIS_THROTTLE_");
        note::<Session>(&mut fields, "PORTCULLIS_SESSION_");
        note::<Events>(&mut fields, "PORTCULLIS_EVENTS_");
        note::<Key>(&mut fields, "PORTCULLIS_KEY_");
        note::<Token>(&mut fields, "PORTCULLIS_TOKEN_");
        note::<Forward>(&mut fields, "PORTCULLIS_FORWARD_");
        note::<Trusted>(&mut fields, "PORTCULLIS_TRUSTED_");
        note::<Mail>(&mut fields, "PORTCULLIS_MAIL_");
        note::<Log>(&mut fields, "PORTCULLIS_LOG_");
        note::<Otlp>(&mut fields, "PORTCULLIS_OTLP_");
        note::<Nats>(&mut fields, "PORTCULLIS_NATS_");
        note::<Webhooks>(&mut fields, "PORTCULLIS_WEBHOOKS_");
        note::<Data>(&mut fields, "PORTCULLIS_DATA_");
        note::<Backup>(&mut fields, "PORTCULLIS_BACKUP_");
        assert_eq!(fields, VARIABLES.iter().map(|variable| variable.name).collect::<Vec<_>>());
    }
}

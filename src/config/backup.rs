//! The settings of backups, as parsed types.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error};
use url::Url;
use validator::{Validate, ValidationError};

use super::sections::parsed;

/// `PORTCULLIS_BACKUP_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Whoever goes there reads the address, and whoever writes for them the recipients.
    pub to: String,
    pub recipients: String,
    #[serde(deserialize_with = "parsed")]
    #[validate(range(max = 10_000))]
    pub keep: u32,
    #[serde(deserialize_with = "secret")]
    pub identity: SecretString,
    #[serde(deserialize_with = "endpoint")]
    pub s3_endpoint: Option<Url>,
    #[validate(custom(function = "is_a_region"))]
    pub s3_region: String,
    pub s3_access_key: String,
    #[serde(deserialize_with = "secret")]
    pub s3_secret_key: SecretString,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// Empty is unset.
pub(super) fn endpoint<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let given = String::deserialize(deserializer)?;
    if given.is_empty() {
        return Ok(None);
    }
    let plain = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    };
    Url::parse(&given).ok().filter(plain).map(Some).ok_or_else(|| D::Error::custom(""))
}

/// It becomes a part of a host's name.
fn is_a_region(region: &str) -> Result<(), ValidationError> {
    let plain = region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if plain && (1..=64).contains(&region.len()) { Ok(()) } else { Err(ValidationError::new("region")) }
}

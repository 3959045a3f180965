//! The settings of the collector that is sent traces and logs, as parsed types.

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error};
use url::Url;
use validator::Validate;
use zeroize::Zeroizing;

use super::backup::endpoint;

/// `PORTCULLIS_OTLP_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Otlp {
    #[serde(deserialize_with = "endpoint")]
    pub url: Option<Url>,
    #[serde(deserialize_with = "headers")]
    pub headers: Vec<(String, SecretString)>,
}

fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, SecretString)>, D::Error> {
    let given = Zeroizing::new(String::deserialize(deserializer)?);
    let parts = given.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(header).collect::<Option<_>>().ok_or_else(|| D::Error::custom(""))
}

/// As the variable `OTEL_EXPORTER_OTLP_HEADERS` has them, so that they can be copied.
fn header(part: &str) -> Option<(String, SecretString)> {
    let (name, value) = part.split_once('=')?;
    let name = name.trim();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let value = Zeroizing::new(percent_decode_str(value.trim()).decode_utf8().ok()?.into_owned());
    let sendable = value.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    (!name.is_empty() && name.bytes().all(plain) && sendable)
        .then(|| (name.to_ascii_lowercase(), value.as_str().into()))
}

/// What is before an @ may be a secret, and then it is no address of ours.
pub(super) fn masked(url: &str) -> String {
    if url.contains('@') { "***".to_owned() } else { url.to_owned() }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_header_is_read_as_others_write_it() {
        let (name, value) = header("Authorization=Basic%20YTpi=").unwrap();
        assert_eq!((&*name, value.expose_secret()), ("authorization", "Basic YTpi="));
    }

    #[test]
    fn what_could_not_be_sent_as_a_header_is_refused() {
        for part in ["", "authorization", "=x", "a b=x", "a=%0d%0ab: c", "a=%ff"] {
            assert!(header(part).is_none(), "{part:?}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        assert_eq!(masked("http://collector:4318"), "http://collector:4318");
        assert_eq!(masked("http://ada:secret@collector:4318"), "***");
    }
}

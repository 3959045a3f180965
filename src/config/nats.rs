//! The settings of NATS, as parsed types.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de::Error};
use validator::Validate;

use super::{
    nats_url::NatsUrl,
    sections::{parsed, path_if_any},
};
use crate::domain::subject::Subject;

/// `PORTCULLIS_NATS_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    #[serde(deserialize_with = "url_if_any")]
    pub url: Option<NatsUrl>,
    #[serde(deserialize_with = "parsed")]
    pub subject: Subject,
    #[serde(deserialize_with = "path_if_any")]
    pub ca_file: Option<PathBuf>,
}

impl Nats {
    pub(super) fn warning(&self) -> Option<&'static str> {
        self.url.as_ref().is_some_and(|url| url.in_the_clear).then_some(
            "PORTCULLIS_NATS_URL has nats://: events, which tell of people, go unencrypted, or to whoever answers there; use tls://",
        )
    }
}

/// Empty is unset.
fn url_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NatsUrl>, D::Error> {
    let given = String::deserialize(deserializer)?;
    let given = Some(given).filter(|given| !given.is_empty());
    given.map(NatsUrl::try_from).transpose().map_err(D::Error::custom)
}

//! The settings of mail, as parsed types.

use std::path::PathBuf;

use serde::Deserialize;
use validator::{Validate, ValidationError};

use super::{
    mail_url::MailUrl,
    sections::{parsed, path_if_any},
};

/// `PORTCULLIS_MAIL_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub url: MailUrl,
    pub from: String,
    #[serde(deserialize_with = "path_if_any")]
    pub ca_file: Option<PathBuf>,
    #[validate(custom(function = "is_a_path_of_pages"))]
    pub links: String,
    #[serde(deserialize_with = "path_if_any")]
    pub templates: Option<PathBuf>,
    #[serde(deserialize_with = "parsed")]
    #[validate(range(min = 1, max = 100))]
    pub limit: u32,
}

/// It is written into links as it is.
fn is_a_path_of_pages(path: &str) -> Result<(), ValidationError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~{}".contains(&b);
    let rest = path.replacen("{page}", "", 1);
    let once = rest.len() < path.len() && !rest.contains(['{', '}']);
    if once && path.starts_with('/') && !path.starts_with("//") && path.bytes().all(plain) {
        Ok(())
    } else {
        Err(ValidationError::new("path"))
    }
}

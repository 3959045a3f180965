//! Who is posted security events: where they are, and what it is signed with, after the Standard Webhooks.

pub mod guard;

use std::fmt;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use url::{Host, Url};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::id::EventId;

/// 1 to 32 lower-case letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReceiverName(String);

/// An http or https URL without a name, a password or a fragment. Path and query may hold a secret, so it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiverUrl {
    url: Url,
    host: Host<String>,
}

/// 24 to 64 bytes that a receiver knows too, padded with zeros to a block.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct WebhookSecret([u8; 64]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 1 to 32 lower-case letters, digits and hyphens")]
pub struct NotAReceiverName;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an http or https URL without a name, a password or a fragment in it")]
pub struct NotAReceiverUrl;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not whsec_ with 24 to 64 bytes in base64 behind it")]
pub struct NotAWebhookSecret;

impl ReceiverName {
    pub fn parse(text: &str) -> Result<Self, NotAReceiverName> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let fits = (1..=32).contains(&text.len()) && text.bytes().all(plain);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAReceiverName) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReceiverName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ReceiverUrl {
    pub fn parse(text: &str) -> Result<Self, NotAReceiverUrl> {
        let url = Url::parse(text).map_err(|_| NotAReceiverUrl)?;
        let host = url.host().ok_or(NotAReceiverUrl)?.to_owned();
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        if plain { Ok(Self { url, host }) } else { Err(NotAReceiverUrl) }
    }

    /// The whole, for whoever goes there.
    pub const fn reveal(&self) -> &Url {
        &self.url
    }

    pub const fn host(&self) -> &Host<String> {
        &self.host
    }

    /// Whether nobody on the way can read along.
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }
}

impl fmt::Debug for ReceiverUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiverUrl({}://{}/***)", self.url.scheme(), self.host)
    }
}

impl WebhookSecret {
    /// Tells people and secret scanners what it is.
    const PREFIX: &str = "whsec_";

    /// Generators differ in whether they pad.
    const ENCODING: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );

    pub fn parse(text: &str) -> Result<Self, NotAWebhookSecret> {
        let encoded = text.strip_prefix(Self::PREFIX).ok_or(NotAWebhookSecret)?;
        let bytes = Zeroizing::new(Self::ENCODING.decode(encoded).map_err(|_| NotAWebhookSecret)?);
        if !(24..=64).contains(&bytes.len()) {
            return Err(NotAWebhookSecret);
        }
        let mut block = [0; 64];
        block.iter_mut().zip(bytes.iter()).for_each(|(to, from)| *to = *from);
        Ok(Self(block))
    }

    /// Of what is posted at that moment: one of the words of `webhook-signature`.
    pub fn sign(&self, id: &EventId, at: Timestamp, body: &str) -> String {
        self.sign_named(&id.to_string(), at, body)
    }

    fn sign_named(&self, id: &str, at: Timestamp, body: &str) -> String {
        // The key padded to a block, which is what HMAC does with a shorter one.
        let mut mac = Hmac::<Sha256>::new((&self.0).into());
        for part in [id, ".", &at.as_second().to_string(), ".", body] {
            mac.update(part.as_bytes());
        }
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_is_signed_as_it_says() {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signed = secret.sign_named("msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_has_24_to_64_bytes_with_or_without_padding() {
        let of = |length: usize| format!("whsec_{}", STANDARD.encode(vec![7; length]));
        for good in [of(24), of(32), of(32).replace('=', ""), of(64)] {
            assert!(WebhookSecret::parse(&good).is_ok(), "{good}");
        }
        for wrong in [of(23), of(65), of(32).replace("whsec_", ""), of(32).replace('c', "_"), String::new()] {
            assert!(WebhookSecret::parse(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_place_is_reached_by_http_and_names_nobody() {
        for good in ["https://ada.example.org/hook?key=1", "http://10.0.0.7:8080", "https://[::1]/"] {
            assert!(ReceiverUrl::parse(good).is_ok(), "{good}");
        }
        for wrong in [
            "",
            "ada.example.org",
            "ftp://ada.example.org",
            "https://",
            "https://ada@ada.example.org",
            "https://:x@ada.example.org",
            "https://ada.example.org/#x",
            "unix:/run/x",
        ] {
            assert!(ReceiverUrl::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_is_plain() {
        assert!(ReceiverName::parse("audit-2").is_ok() && ReceiverName::parse(&"a".repeat(32)).is_ok());
        for wrong in ["", "Audit", "a_b", "a b", "\u{e4}", &"a".repeat(33)] {
            assert!(ReceiverName::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn neither_a_secret_nor_a_path_prints() {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let url = ReceiverUrl::parse("https://ada.example.org:8443/hunter2?key=hunter2").unwrap();
        let printed = format!("{secret:?} {url:?}");
        assert_eq!(printed, "WebhookSecret(***) ReceiverUrl(https://ada.example.org/***)");
    }
}

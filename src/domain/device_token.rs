//! The token of a device: a browser has it since somebody signed in there, and shows by it that they did.
//!
//! It signs nobody in. A stranger who tries passwords does not have it, so that nobody is locked out of their own browser.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    clock::{Entropy, NoEntropy, random},
    secret::{NotASecret, SecretDigest},
};

#[derive(Clone)]
pub struct DeviceToken {
    pub device: Device,
    /// That it was us who handed it out, and for whose sign-in.
    pub proof: SecretDigest,
}

/// One browser's number for one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device(u128);

impl Device {
    pub fn new(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        random(entropy).map(|bytes| Self(u128::from_be_bytes(bytes)))
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl DeviceToken {
    /// Tells people and secret scanners whose it is, and from all that signs somebody in.
    const PREFIX: &str = "pcd_";
    const LENGTH: usize = 16 + 32;

    pub fn parse(presented: &str) -> Result<Self, NotASecret> {
        let encoded = presented.strip_prefix(Self::PREFIX).ok_or(NotASecret)?;
        let mut bytes = [0; Self::LENGTH];
        let Ok(Self::LENGTH) = URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes) else {
            return Err(NotASecret);
        };
        let (device, proof) = bytes.split_first_chunk().ok_or(NotASecret)?;
        let proof = SecretDigest::from_bytes(proof.try_into().map_err(|_| NotASecret)?);
        Ok(Self { device: Device(u128::from_be_bytes(*device)), proof })
    }

    /// For the cookie that holds it.
    pub fn reveal(&self) -> String {
        let mut bytes = Vec::with_capacity(Self::LENGTH);
        bytes.extend_from_slice(&self.device.0.to_be_bytes());
        bytes.extend_from_slice(self.proof.as_bytes());
        format!("{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceToken(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_revealed_parses_back(device: u128, proof: [u8; 32]) {
            let token = DeviceToken { device: Device(device), proof: SecretDigest::from_bytes(proof) };
            let parsed = DeviceToken::parse(&token.reveal()).unwrap();
            prop_assert_eq!((parsed.device, parsed.proof), (token.device, token.proof));
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(text: String) {
            prop_assert!(DeviceToken::parse(&text).is_err());
        }
    }
}

//! A secret that is shown once, and the digest that is remembered in its place.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::clock::{Entropy, NoEntropy, random};

/// 256 random bits that a browser holds; whoever presents them is taken for its owner.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; 32]);

/// What presents itself as one of our secrets is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a secret of ours")]
pub struct NotASecret;

impl Secret {
    /// Tells people and secret scanners whose it is.
    const PREFIX: &str = "pcs_";

    pub fn generate(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        random(entropy).map(Self)
    }

    pub fn parse(presented: &str) -> Result<Self, NotASecret> {
        let encoded = presented.strip_prefix(Self::PREFIX).ok_or(NotASecret)?;
        let mut bytes = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes) {
            Ok(32) => Ok(Self(bytes)),
            _ => Err(NotASecret),
        }
    }

    /// The one way to see it: for the answer that hands it out.
    pub fn reveal(&self) -> String {
        format!("{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(self.0))
    }

    pub fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// The SHA-256 of a secret: enough to recognise it, useless to present.
#[derive(Clone, Copy)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretDigest {}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_revealed_parses_back(bytes: [u8; 32]) {
            let secret = Secret(bytes);
            let parsed = Secret::parse(&secret.reveal()).unwrap();
            prop_assert_eq!(parsed.digest(), secret.digest());
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(text: String) {
            prop_assert!(Secret::parse(&text).is_err());
        }
    }

    #[test]
    fn neither_secret_nor_digest_can_be_printed() {
        let secret = Secret([7; 32]);
        assert_eq!(format!("{secret:?} {:?}", secret.digest()), "Secret(***) SecretDigest(***)");
    }
}

//! A secret that is shown once, and the digest that is remembered in its place.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::clock::{Entropy, NoEntropy, random};

/// 256 bits that a browser or program holds; whoever presents them is taken for their owner.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; 32]);

/// 256 random bits from which all secrets of a session are computed, one for each generation: so that who asks for a
/// successor again gets the same one.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

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

    pub(super) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Seed {
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        random(entropy).map(Self)
    }

    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn secret(&self, generation: u64) -> Secret {
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(&self.0).for_each(|(to, from)| *to = *from);
        // The key padded to a block, which is what HMAC does with a shorter one.
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        mac.update(&generation.to_be_bytes());
        Secret(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(***)")
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

    /// Of a keyed one: a salt, or a number that tells one of few from another.
    pub fn first<const N: usize>(&self) -> [u8; N] {
        let mut first = [0; N];
        first.iter_mut().zip(&self.0).for_each(|(to, from)| *to = *from);
        first
    }
}

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretDigest {}

impl Hash for SecretDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

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
    fn each_generation_has_its_own_secret_and_always_the_same() {
        let (one, other) = (Seed::from_bytes([1; 32]), Seed::from_bytes([2; 32]));
        assert_eq!(one.secret(7).digest(), one.secret(7).digest());
        assert_ne!(one.secret(7).digest(), one.secret(8).digest());
        assert_ne!(one.secret(7).digest(), other.secret(7).digest());
    }

    #[test]
    fn neither_secret_nor_digest_can_be_printed() {
        let secret = Secret([7; 32]);
        assert_eq!(format!("{secret:?} {:?}", secret.digest()), "Secret(***) SecretDigest(***)");
    }
}

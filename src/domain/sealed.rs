//! What is secret at rest: it can be opened only with the key secret, and never printed.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Ciphertext, as a store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

/// 32 bytes that seal.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct KeySecret([u8; 32]);

/// The first seals, all open: so that one can follow another without anything being lost.
#[derive(Clone, Debug)]
pub struct KeySecrets {
    pub first: KeySecret,
    pub others: Vec<KeySecret>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 32 bytes in base64")]
pub struct NotAKeySecret;

impl Sealed {
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(***)")
    }
}

impl KeySecret {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn parse(text: &str) -> Result<Self, NotAKeySecret> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| NotAKeySecret)?);
        bytes.as_slice().try_into().map(Self).map_err(|_| NotAKeySecret)
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(***)")
    }
}

impl KeySecrets {
    /// A list, separated by commas.
    pub fn parse(text: &str) -> Result<Self, NotAKeySecret> {
        let mut secrets = text.split(',').map(KeySecret::parse);
        let first = secrets.next().ok_or(NotAKeySecret)??;
        Ok(Self { first, others: secrets.collect::<Result<_, _>>()? })
    }

    pub fn all(&self) -> impl Iterator<Item = &KeySecret> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_key_secrets_parses_whole_or_not_at_all() {
        let (one, other) = (STANDARD.encode([1; 32]), STANDARD.encode([2; 32]));
        let both = KeySecrets::parse(&format!("{one}, {other}")).unwrap();
        assert_eq!(both.all().map(KeySecret::as_bytes).collect::<Vec<_>>(), [&[1; 32], &[2; 32]]);
        for wrong in ["", ",", &one[1..], &format!("{one},"), &STANDARD.encode([1; 31]), "change me"] {
            assert_eq!(KeySecrets::parse(wrong).unwrap_err(), NotAKeySecret, "{wrong}");
        }
    }

    #[test]
    fn neither_prints() {
        let secrets = KeySecrets::parse(&STANDARD.encode([7; 32])).unwrap();
        assert_eq!(format!("{:?}", secrets.first), "KeySecret(***)");
        assert_eq!(format!("{:?}", Sealed::from_bytes(vec![7])), "Sealed(***)");
    }
}

//! The age format, version 1 (age-encryption.org/v1): what it seals, only the holders of a key can read, with any age tool.
//!
//! Recipients are of the kind X25519, which is what `age-keygen` makes. ADR 0014 says why this is ours.

mod bech32;
mod header;
mod keys;
mod opener;
mod sealer;
#[cfg(test)]
mod tests;

use aws_lc_rs::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Salt},
};
use zeroize::Zeroizing;

use crate::domain::clock::NoEntropy;

pub use keys::{Identities, Identity, NotAKey, Recipient};
pub use opener::Opener;
pub use sealer::Sealer;

#[derive(Debug, thiserror::Error)]
pub enum AgeError {
    #[error("it is not encrypted with age, or its beginning is damaged")]
    NotAge,
    #[error("it was encrypted for others: none of the identities opens it")]
    NotForUs,
    #[error("it is damaged, or somebody has changed it")]
    Damaged,
    #[error("its end is missing or damaged")]
    Truncated,
    #[error("it could not be encrypted")]
    NotSealed,
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

impl From<Unspecified> for AgeError {
    fn from(_: Unspecified) -> Self {
        Self::NotSealed
    }
}

/// What all of a file is sealed with; wrapped for each recipient.
type FileKey = Zeroizing<[u8; 16]>;

const TAG: usize = 16;

/// The plaintext is sealed in chunks, so that no more than one is held at a time.
const CHUNK: usize = 64 * 1024;

struct Bytes32;

impl KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, Unspecified> {
    let mut key = Zeroizing::new([0; 32]);
    Salt::new(HKDF_SHA256, salt).extract(secret).expand(&[info], Bytes32)?.fill(&mut *key)?;
    Ok(key)
}

/// ChaCha20-Poly1305 under a key that is used for one file only.
struct Cipher(LessSafeKey);

impl Cipher {
    fn new(key: &[u8; 32]) -> Result<Self, Unspecified> {
        UnboundKey::new(&CHACHA20_POLY1305, key).map(|key| Self(LessSafeKey::new(key)))
    }

    fn seal(&self, nonce: [u8; NONCE_LEN], plain: &mut Vec<u8>) -> Result<(), Unspecified> {
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), plain)
    }

    /// What is left in `sealed` is the plaintext.
    fn open(&self, nonce: [u8; NONCE_LEN], sealed: &mut Vec<u8>) -> Result<(), Unspecified> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length = self.0.open_in_place(nonce, Aad::empty(), sealed)?.len();
        sealed.truncate(length);
        Ok(())
    }
}

/// The chunks of one file, each with a nonce that says its place and whether it is the last.
struct Stream {
    cipher: Cipher,
    next: u64,
}

impl Stream {
    const NONCE: usize = 16;

    fn new(key: &FileKey, nonce: [u8; Self::NONCE]) -> Result<Self, Unspecified> {
        let cipher = Cipher::new(&*derive(&**key, &nonce, b"payload")?)?;
        Ok(Self { cipher, next: 0 })
    }

    fn nonce(&mut self, last: bool) -> [u8; NONCE_LEN] {
        let mut nonce = [0; NONCE_LEN];
        let (counter, flag) = nonce.split_at_mut(NONCE_LEN - 1);
        counter.iter_mut().rev().zip(self.next.to_le_bytes()).for_each(|(to, from)| *to = from);
        flag.fill(u8::from(last));
        self.next += 1;
        nonce
    }
}

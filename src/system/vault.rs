//! Seals what is secret at rest, with AES-256-GCM under the key secrets.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::{
    clock::{Entropy, random},
    sealed::{KeySecret, KeySecrets, Sealed},
    secret::SecretDigest,
};

/// The keys in use: the first seals, all open.
pub struct Vault {
    first: Key,
    others: Vec<Key>,
}

struct Key {
    /// Says which key sealed something; tells nothing of the key.
    name: [u8; NAME],
    cipher: LessSafeKey,
    /// Begins what is hashed to a fingerprint; derived from the secret, and as secret.
    fingerprints: [u8; 32],
    /// Seals links of the chain of events; derived from the secret as well.
    chain: Hmac<Sha256>,
    /// Stamps events until they are sealed; the same.
    stamps: Hmac<Sha256>,
}

/// What is sealed, and for whom: what was sealed for one does not open for another.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    pub what: &'static str,
    pub of: Uuid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    #[error("it could not be sealed")]
    NotSealed,
    /// It may be given to us later, or have been taken away too soon.
    #[error("it was sealed with a key secret that is not among ours")]
    UnknownSecret,
    #[error("the key secret that sealed it does not open it")]
    NotOpened,
}

const FORMAT: u8 = 1;
const NAME: usize = 4;

impl Vault {
    pub fn new(secrets: &KeySecrets) -> Result<Self, VaultError> {
        let others = secrets.others.iter().map(Key::new).collect::<Result<_, _>>()?;
        Ok(Self { first: Key::new(&secrets.first)?, others })
    }

    /// A name for something personal, that tells nothing of it to whoever has no key secret. Another one once the secret is another.
    pub fn fingerprint(&self, what: &'static str, text: impl AsRef<[u8]>) -> SecretDigest {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(self.first.fingerprints)
            .chain_update(what.len().to_be_bytes())
            .chain_update(what)
            .chain_update(text)
            .finalize()
            .into();
        SecretDigest::from_bytes(digest)
    }

    /// The HMAC-SHA-256 of a link in the chain of events, under the first key.
    pub fn seal_link(&self, link: &[u8]) -> [u8; 32] {
        mac(&self.first.chain, link)
    }

    /// Whether one of the keys has sealed this link so.
    pub fn has_sealed_link(&self, link: &[u8], digest: &[u8; 32]) -> bool {
        self.keys().any(|key| is_mac(&key.chain, link, digest))
    }

    /// The HMAC-SHA-256 of what an event says, under the first key: of no use as the seal of a link.
    pub fn stamp(&self, said: &[u8]) -> [u8; 32] {
        mac(&self.first.stamps, said)
    }

    /// Whether one of the keys has stamped it so.
    pub fn has_stamped(&self, said: &[u8], stamp: &[u8; 32]) -> bool {
        self.keys().any(|key| is_mac(&key.stamps, said, stamp))
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub fn seal(&self, plain: &[u8], label: Label, entropy: &dyn Entropy) -> Result<Sealed, VaultError> {
        let nonce: [u8; NONCE_LEN] = random(entropy).map_err(|_| VaultError::NotSealed)?;
        let mut sealed = Zeroizing::new(plain.to_vec());
        let tag = self.first.cipher.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(label.bytes()),
            &mut sealed,
        );
        let tag = tag.map_err(|_| VaultError::NotSealed)?;
        let whole = [&[FORMAT][..], &self.first.name, &nonce, &sealed, tag.as_ref()].concat();
        Ok(Sealed::from_bytes(whole))
    }

    pub fn open(&self, sealed: &Sealed, label: Label) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let parts = split(sealed.as_bytes()).ok_or(VaultError::NotOpened)?;
        let (name, nonce, sealed) = parts;
        let mut fitting = self.keys().filter(|key| key.name == *name).peekable();
        if fitting.peek().is_none() {
            return Err(VaultError::UnknownSecret);
        }
        for key in fitting {
            let mut opened = Zeroizing::new(sealed.to_vec());
            let nonce = Nonce::assume_unique_for_key(*nonce);
            if let Ok(plain) = key.cipher.open_in_place(nonce, Aad::from(label.bytes()), &mut opened) {
                let length = plain.len();
                opened.truncate(length);
                return Ok(opened);
            }
        }
        Err(VaultError::NotOpened)
    }
}

impl Key {
    fn new(secret: &KeySecret) -> Result<Self, VaultError> {
        let key = UnboundKey::new(&AES_256_GCM, secret.as_bytes()).map_err(|_| VaultError::NotSealed)?;
        let digest: [u8; 32] =
            Sha256::new().chain_update("portcullis key").chain_update(secret.as_bytes()).finalize().into();
        let [a, b, c, d, ..] = digest;
        let derived = |what: &str| -> [u8; 32] {
            Sha256::new().chain_update(what).chain_update(secret.as_bytes()).finalize().into()
        };
        let keyed = |what| Hmac::new_from_slice(&derived(what)).map_err(|_| VaultError::NotSealed);
        let (chain, stamps) = (keyed("portcullis events")?, keyed("portcullis unsealed events")?);
        let fingerprints = derived("portcullis fingerprints");
        Ok(Self { name: [a, b, c, d], cipher: LessSafeKey::new(key), fingerprints, chain, stamps })
    }
}

fn mac(key: &Hmac<Sha256>, bytes: &[u8]) -> [u8; 32] {
    key.clone().chain_update(bytes).finalize().into_bytes().into()
}

/// In constant time.
fn is_mac(key: &Hmac<Sha256>, bytes: &[u8], mac: &[u8; 32]) -> bool {
    key.clone().chain_update(bytes).verify_slice(mac).is_ok()
}

impl Label {
    fn bytes(self) -> Vec<u8> {
        [self.what.as_bytes(), &[0], self.of.as_bytes()].concat()
    }
}

fn split(sealed: &[u8]) -> Option<(&[u8; NAME], &[u8; NONCE_LEN], &[u8])> {
    let (format, rest) = sealed.split_first()?;
    let (name, rest) = rest.split_first_chunk()?;
    let (nonce, rest) = rest.split_first_chunk()?;
    (*format == FORMAT).then_some((name, nonce, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::system::entropy::OsEntropy;

    const LABEL: Label = Label { what: "test", of: Uuid::from_u128(7) };

    fn vault(secrets: &[u8]) -> Vault {
        let mut secrets = secrets.iter().map(|byte| KeySecret::from_bytes([*byte; 32]));
        Vault::new(&KeySecrets { first: secrets.next().unwrap(), others: secrets.collect() }).unwrap()
    }

    #[test]
    fn the_first_seals_and_all_open() {
        let sealed = vault(&[1]).seal(b"seed", LABEL, &OsEntropy).unwrap();
        assert_eq!(*vault(&[2, 1]).open(&sealed, LABEL).unwrap(), b"seed");
        let sealed = vault(&[2, 1]).seal(b"seed", LABEL, &OsEntropy).unwrap();
        assert_eq!(vault(&[1]).open(&sealed, LABEL), Err(VaultError::UnknownSecret));
    }

    #[test]
    fn what_was_sealed_for_one_does_not_open_for_another() {
        let vault = vault(&[1]);
        let sealed = vault.seal(b"seed", LABEL, &OsEntropy).unwrap();
        for label in [Label { what: "other", ..LABEL }, Label { of: Uuid::from_u128(8), ..LABEL }] {
            assert_eq!(vault.open(&sealed, label), Err(VaultError::NotOpened));
        }
    }

    #[test]
    fn a_link_is_recognised_by_whoever_has_the_key_that_sealed_it() {
        let digest = vault(&[1]).seal_link(b"link");
        assert!(vault(&[2, 1]).has_sealed_link(b"link", &digest));
        assert!(!vault(&[2]).has_sealed_link(b"link", &digest));
        assert!(!vault(&[1]).has_sealed_link(b"knot", &digest));
    }

    #[test]
    fn a_stamp_is_recognised_like_a_link_and_is_none() {
        let stamp = vault(&[1]).stamp(b"said");
        assert!(vault(&[2, 1]).has_stamped(b"said", &stamp));
        assert!(!vault(&[2]).has_stamped(b"said", &stamp));
        assert!(!vault(&[1]).has_stamped(b"sad", &stamp));
        assert!(!vault(&[1]).has_sealed_link(b"said", &stamp));
    }

    proptest! {
        #[test]
        fn a_changed_byte_opens_nothing(at: prop::sample::Index, change in 1_u8..) {
            let vault = vault(&[1]);
            let mut bytes = vault.seal(b"seed", LABEL, &OsEntropy).unwrap().as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= change;
            prop_assert!(vault.open(&Sealed::from_bytes(bytes), LABEL).is_err());
        }

        #[test]
        fn noise_opens_nothing(bytes: Vec<u8>) {
            prop_assert!(vault(&[1]).open(&Sealed::from_bytes(bytes), LABEL).is_err());
        }
    }
}

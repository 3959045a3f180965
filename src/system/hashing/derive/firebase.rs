//! Firebase's last step: AES-256 in counter mode over the project's key, under what scrypt derived.

use aws_lc_rs::{
    cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey},
    error::Unspecified,
};
use zeroize::Zeroizing;

use crate::domain::algorithm::SignerKey;

pub(super) type Key = Zeroizing<[u8; 32]>;

/// What is counted begins at nothing: each key encrypts once.
pub(super) fn encrypt(signer: &SignerKey, derived: &Key, output: &mut [u8]) -> Result<(), Unspecified> {
    let key = EncryptingKey::ctr(UnboundCipherKey::new(&AES_256, &**derived)?)?;
    let mut text = Zeroizing::new(signer.as_bytes().to_vec());
    key.less_safe_encrypt(&mut text, EncryptionContext::Iv128([0; 16].into()))?;
    output.iter_mut().zip(text.iter()).for_each(|(place, byte)| *place = *byte);
    Ok(())
}

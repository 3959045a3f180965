//! Sealing, a piece at a time.

use std::mem;

use aws_lc_rs::error::Unspecified;
use zeroize::Zeroizing;

use super::{AgeError, CHUNK, FileKey, Recipient, Stream, header};
use crate::domain::clock::{Entropy, random};

pub struct Sealer {
    stream: Stream,
    /// What does not fill a chunk yet, or would be the last one.
    held: Vec<u8>,
}

impl Sealer {
    /// Writes the beginning of the file to `sealed`.
    pub fn new(
        recipients: &[Recipient],
        entropy: &dyn Entropy,
        sealed: &mut Vec<u8>,
    ) -> Result<Self, AgeError> {
        let key: FileKey = Zeroizing::new(random(entropy)?);
        let stanzas = recipients.iter().map(|recipient| recipient.wrap(&key, entropy));
        let stanzas = stanzas.collect::<Result<Vec<_>, _>>()?;
        let nonce: [u8; Stream::NONCE] = random(entropy)?;
        sealed.extend_from_slice(header::write(&stanzas, &key)?.as_bytes());
        sealed.extend_from_slice(&nonce);
        Ok(Self { stream: Stream::new(&key, nonce)?, held: Vec::new() })
    }

    pub fn push(&mut self, plain: &[u8], sealed: &mut Vec<u8>) -> Result<(), AgeError> {
        self.held.extend_from_slice(plain);
        let held = mem::take(&mut self.held);
        let mut rest = &*held;
        while let Some((chunk, after)) = rest.split_at_checked(CHUNK).filter(|(_, after)| !after.is_empty()) {
            self.seal(chunk.to_vec(), false, sealed)?;
            rest = after;
        }
        self.held = rest.to_vec();
        Ok(())
    }

    pub fn finish(mut self, sealed: &mut Vec<u8>) -> Result<(), AgeError> {
        let chunk = mem::take(&mut self.held);
        Ok(self.seal(chunk, true, sealed)?)
    }

    fn seal(&mut self, mut chunk: Vec<u8>, last: bool, sealed: &mut Vec<u8>) -> Result<(), Unspecified> {
        let nonce = self.stream.nonce(last);
        self.stream.cipher.seal(nonce, &mut chunk)?;
        sealed.extend_from_slice(&chunk);
        Ok(())
    }
}

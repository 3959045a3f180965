//! Opening, a piece at a time: nothing comes out that was not sealed, and the end only if it is the end.

use std::mem;

use super::{AgeError, CHUNK, Identities, Stream, TAG, header::Header};

pub struct Opener {
    identities: Identities,
    stage: Stage,
    /// What has arrived and was not opened yet.
    held: Vec<u8>,
}

enum Stage {
    Header,
    Payload(Stream),
}

impl Opener {
    pub const fn new(identities: Identities) -> Self {
        Self { identities, stage: Stage::Header, held: Vec::new() }
    }

    pub fn push(&mut self, sealed: &[u8], plain: &mut Vec<u8>) -> Result<(), AgeError> {
        self.held.extend_from_slice(sealed);
        if matches!(self.stage, Stage::Header) {
            self.begin()?;
        }
        let Stage::Payload(stream) = &mut self.stage else { return Ok(()) };
        let mut rest = &*self.held;
        // A chunk after which nothing follows may be the last.
        while let Some((chunk, after)) =
            rest.split_at_checked(CHUNK + TAG).filter(|(_, after)| !after.is_empty())
        {
            open(stream, chunk.to_vec(), false, plain)?;
            rest = after;
        }
        self.held = rest.to_vec();
        Ok(())
    }

    /// To be called when no more will come.
    pub fn finish(&mut self, plain: &mut Vec<u8>) -> Result<(), AgeError> {
        let Stage::Payload(stream) = &mut self.stage else {
            return Err(if self.held.is_empty() { AgeError::Truncated } else { AgeError::NotAge });
        };
        let chunk = mem::take(&mut self.held);
        // Only of an empty file the last chunk is empty.
        if chunk.len() < TAG || (chunk.len() == TAG && stream.next > 0) {
            return Err(AgeError::Truncated);
        }
        open(stream, chunk, true, plain).map_err(|_| AgeError::Truncated)
    }

    fn begin(&mut self) -> Result<(), AgeError> {
        let Some(header) = Header::read(&self.held)? else { return Ok(()) };
        let Some(nonce) = self.held.get(header.length..).and_then(|rest| rest.first_chunk()) else {
            return Ok(());
        };
        let key = self.identities.open(&header.stanzas)?;
        header.verify(&key)?;
        self.stage = Stage::Payload(Stream::new(&key, *nonce)?);
        self.held = self.held.split_off(header.length + Stream::NONCE);
        Ok(())
    }
}

fn open(stream: &mut Stream, mut chunk: Vec<u8>, last: bool, plain: &mut Vec<u8>) -> Result<(), AgeError> {
    let nonce = stream.nonce(last);
    stream.cipher.open(nonce, &mut chunk).map_err(|_| AgeError::Damaged)?;
    plain.extend_from_slice(&chunk);
    Ok(())
}

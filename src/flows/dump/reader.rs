//! Reading a dump: bytes go in, and records come out; whether it was whole is known at its end.

use std::{io::Write, mem};

use flate2::write::GzDecoder;

use crate::{
    domain::record::Record,
    system::age::{Identities, Opener},
};

use super::{
    DumpError, FORMAT, Header, Sums, Tally,
    lines::{self, Line},
};

/// No record is longer.
const LONGEST_LINE: usize = 1 << 20;
/// So much is unpacked at once: what unpacks to a thousand times its length is noticed in time.
const PIECE: usize = 4 * 1024;

pub struct Reader {
    /// `None` where nothing was sealed.
    opener: Option<Opener>,
    begun: bool,
    packed: GzDecoder<Vec<u8>>,
    /// The beginning of a line whose end has not arrived.
    held: Vec<u8>,
    header: Option<Header>,
    tally: Tally,
    ending: Option<Sums>,
}

impl Reader {
    pub fn new(identities: Option<Identities>) -> Self {
        Self {
            opener: identities.map(Opener::new),
            begun: false,
            packed: GzDecoder::new(Vec::new()),
            held: Vec::new(),
            header: None,
            tally: Tally::default(),
            ending: None,
        }
    }

    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Record>, DumpError> {
        let Some(opener) = &mut self.opener else {
            // Enough to tell by how it begins.
            if !mem::replace(&mut self.begun, true) && bytes.starts_with(b"age-encryption.org/") {
                return Err(DumpError::Encrypted);
            }
            return self.unpack(bytes);
        };
        let mut plain = Vec::new();
        opener.push(bytes, &mut plain)?;
        self.unpack(&plain)
    }

    /// To be called when no more will come: the records that were still held, the header and the sums, if all fits.
    pub fn finish(mut self) -> Result<(Vec<Record>, Header, Sums), DumpError> {
        let mut plain = Vec::new();
        if let Some(opener) = &mut self.opener {
            opener.finish(&mut plain)?;
        }
        let mut records = self.unpack(&plain)?;
        let unpacked = self.packed.try_finish();
        unpacked.map_err(|_| DumpError::Damaged("its end cannot be unpacked, or is missing"))?;
        records.extend(self.lines()?);
        let Some((header, ending)) = self.header.zip(self.ending) else { return Err(DumpError::Truncated) };
        if !self.held.is_empty() {
            return Err(DumpError::Damaged("something follows its end"));
        }
        if ending == self.tally.sums() {
            Ok((records, header, ending))
        } else {
            Err(DumpError::Damaged("its records are not those that it counted"))
        }
    }

    fn unpack(&mut self, plain: &[u8]) -> Result<Vec<Record>, DumpError> {
        let mut records = Vec::new();
        for piece in plain.chunks(PIECE) {
            let unpacked = self.packed.write_all(piece);
            unpacked.map_err(|_| {
                if self.header.is_none() {
                    DumpError::Foreign
                } else {
                    DumpError::Damaged("it cannot be unpacked")
                }
            })?;
            records.extend(self.lines()?);
        }
        Ok(records)
    }

    /// Those that are complete.
    fn lines(&mut self) -> Result<Vec<Record>, DumpError> {
        self.held.append(self.packed.get_mut());
        let held = mem::take(&mut self.held);
        let mut records = Vec::new();
        let mut rest = held.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at_checked(end + 1).unwrap_or((rest, &[]));
            records.extend(self.line(line)?);
            rest = after;
        }
        if rest.len() > LONGEST_LINE {
            return Err(DumpError::Foreign);
        }
        self.held = rest.to_vec();
        Ok(records)
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<Record>, DumpError> {
        if self.header.is_none() {
            let header = lines::read_header(line).ok_or(DumpError::Foreign)?;
            if header.format > FORMAT {
                return Err(DumpError::Newer { release: header.release });
            }
            self.header = Some(header);
            return Ok(None);
        }
        if self.ending.is_some() {
            return Err(DumpError::Damaged("something follows its end"));
        }
        match lines::read(line)? {
            Line::Record(record) => {
                self.tally.add_line(record.kind(), line);
                Ok(Some(*record))
            }
            Line::Ending(sums) => {
                self.ending = Some(sums);
                Ok(None)
            }
        }
    }
}

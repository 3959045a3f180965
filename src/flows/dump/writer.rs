//! Writing a dump: records go in, and bytes come out whenever somebody has a place for them.

use std::{io::Write, mem};

use flate2::{Compression, write::GzEncoder};

use crate::{
    domain::{clock::Entropy, record::Record},
    system::age::{Recipient, Sealer},
};

use super::{DumpError, Header, Sums, Tally, lines};

pub struct Writer {
    packed: GzEncoder<Vec<u8>>,
    /// `None` where anybody may read it.
    sealer: Option<Sealer>,
    ready: Vec<u8>,
    tally: Tally,
}

impl Writer {
    /// Without recipients it is not sealed.
    pub fn new(header: &Header, recipients: &[Recipient], entropy: &dyn Entropy) -> Result<Self, DumpError> {
        let mut ready = Vec::new();
        let sealer = match recipients {
            [] => None,
            some => Some(Sealer::new(some, entropy, &mut ready)?),
        };
        // Most of a record is random, so more effort would save little.
        let packed = GzEncoder::new(Vec::new(), Compression::fast());
        let mut writer = Self { packed, sealer, ready, tally: Tally::default() };
        writer.pack(&lines::write_header(header)?)?;
        Ok(writer)
    }

    pub fn add(&mut self, record: &Record) -> Result<(), DumpError> {
        let line = lines::write(record)?;
        self.tally.add_line(record.kind(), &line);
        self.pack(&line)
    }

    pub fn records(&self) -> u64 {
        self.tally.records()
    }

    /// What can be written by now.
    pub fn take(&mut self) -> Result<Vec<u8>, DumpError> {
        let packed = mem::take(self.packed.get_mut());
        self.seal(&packed)?;
        Ok(mem::take(&mut self.ready))
    }

    /// What is left to be written.
    pub fn finish(mut self) -> Result<(Vec<u8>, Sums), DumpError> {
        let sums = self.tally.sums();
        self.pack(&lines::write_ending(&sums)?)?;
        self.packed.try_finish().map_err(|_| DumpError::Unwritable("it cannot be packed"))?;
        let mut rest = self.take()?;
        if let Some(sealer) = self.sealer.take() {
            sealer.finish(&mut rest)?;
        }
        Ok((rest, sums))
    }

    fn pack(&mut self, line: &[u8]) -> Result<(), DumpError> {
        self.packed.write_all(line).map_err(|_| DumpError::Unwritable("it cannot be packed"))
    }

    fn seal(&mut self, packed: &[u8]) -> Result<(), DumpError> {
        match &mut self.sealer {
            Some(sealer) => sealer.push(packed, &mut self.ready)?,
            None => self.ready.extend_from_slice(packed),
        }
        Ok(())
    }
}

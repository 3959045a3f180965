//! How many records there are of each kind, and what they hash to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::{
    hex::hex,
    record::{Kind, Record},
};

use super::{DumpError, lines};

/// Of one kind: the SHA-256 is over the lines of its records, in the order of their ids. So two stores that hold the same
/// have the same sums, whatever keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub count: u64,
    pub sha256: String,
}

/// By the name of the kind.
pub type Sums = BTreeMap<String, Sum>;

/// Sums in the making.
#[derive(Clone, Default)]
pub(in crate::flows) struct Tally([(u64, Sha256); Kind::ALL.len()]);

impl Tally {
    pub(super) fn add_line(&mut self, kind: Kind, line: &[u8]) {
        if let Some((count, hash)) = self.0.get_mut(kind as usize) {
            *count += 1;
            hash.update(line);
        }
    }

    /// As if its line had been added.
    pub(in crate::flows) fn add(&mut self, record: &Record) -> Result<(), DumpError> {
        self.add_line(record.kind(), &lines::write(record)?);
        Ok(())
    }

    pub(in crate::flows) fn records(&self) -> u64 {
        self.0.iter().map(|(count, _)| count).sum()
    }

    pub(in crate::flows) fn sums(&self) -> Sums {
        let sum = |(kind, (count, hash)): (Kind, &(u64, Sha256))| {
            (kind.as_str().to_owned(), Sum { count: *count, sha256: hex(&hash.clone().finalize()) })
        };
        Kind::ALL.into_iter().zip(&self.0).map(sum).collect()
    }
}

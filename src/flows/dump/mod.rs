//! What a backup is: lines of JSON, packed by gzip and sealed by age, so that a person can read one without us.
//!
//! The first line says what it is, the last one counts the others, and each between them is one record. A change that
//! an older release would read wrongly, a new member included, raises [`FORMAT`].

mod lines;
mod name;
mod reader;
mod sums;
mod writer;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::system::age::AgeError;

pub use name::Name;
pub use reader::Reader;
pub(super) use sums::Tally;
pub use sums::{Sum, Sums};
pub use writer::Writer;

const FORMAT: u32 = 3;

/// The first line. Releases to come read it, so its members stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    format: u32,
    pub release: String,
    pub at: Timestamp,
}

impl Header {
    pub fn new(at: Timestamp) -> Self {
        Self { format: FORMAT, release: env!("CARGO_PKG_VERSION").to_owned(), at }
    }
}

/// Why a dump cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    #[error(transparent)]
    Age(#[from] AgeError),
    #[error("it is encrypted: give --identity-file")]
    Encrypted,
    #[error("it is no backup of ours")]
    Foreign,
    #[error("release {release} wrote it, in a format that this one ({}) does not know", env!("CARGO_PKG_VERSION"))]
    Newer { release: String },
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    #[error("it ends before its end")]
    Truncated,
    #[error("a record cannot be written down: {0}")]
    Unwritable(&'static str),
}

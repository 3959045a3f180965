//! Authorities, as a file has them that a setting names.

use std::{fs::File, io::Read, path::Path};

use super::CannotRun;

/// No bundle of authorities is longer.
const LONGEST: u64 = 4 << 20;

pub(super) fn bundle(variable: &'static str, path: &Path) -> Result<Vec<u8>, CannotRun> {
    let mut pem = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut pem));
    match read {
        Ok(_) => Ok(pem),
        Err(error) => {
            Err(CannotRun::Setting { variable, source: format!("{}: {error}", path.display()).into() })
        }
    }
}

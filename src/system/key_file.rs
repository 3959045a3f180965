//! The key secret of somebody who was never asked for one: made once, and kept in a file of the data directory.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::domain::{
    clock::{Entropy, NoEntropy, random},
    sealed::{KeySecrets, NotAKeySecret},
};

#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("{0} cannot be read or made: {1}")]
    Io(PathBuf, io::Error),
    #[error("{0} does not hold a key secret: {1}")]
    Spoilt(PathBuf, NotAKeySecret),
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

const NAME: &str = "key-secret";

pub fn is_there(directory: &Path) -> bool {
    directory.join(NAME).exists()
}

/// The secrets in the directory's file, which is made if there is none. Of several processes that make it at once, one
/// does, and all read the same.
pub fn read_or_make(directory: &Path, entropy: &dyn Entropy) -> Result<KeySecrets, KeyFileError> {
    let path = directory.join(NAME);
    let failed = |error| KeyFileError::Io(path.clone(), error);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret: Zeroizing<[u8; 32]> = Zeroizing::new(random(entropy)?);
            let unique: [u8; 8] = random(entropy)?;
            let draft = directory.join(format!("{NAME}.{:016x}", u64::from_be_bytes(unique)));
            let text = Zeroizing::new(format!("{}\n", STANDARD.encode(*secret)));
            make(&path, &draft, text.as_bytes()).map_err(failed)?;
            fs::read_to_string(&path)
        }
        read => read,
    };
    let text = Zeroizing::new(text.map_err(failed)?);
    KeySecrets::parse(text.trim_end()).map_err(|error| KeyFileError::Spoilt(path, error))
}

/// Writes it elsewhere first and then gives it its name, which only one can do: nobody ever sees half of it, and whoever
/// is late uses what is there. It is on the disk before anything is sealed with it.
fn make(path: &Path, draft: &Path, text: &[u8]) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    let named = file.write_all(text).and_then(|()| file.sync_all()).and_then(|()| fs::hard_link(draft, path));
    fs::remove_file(draft)?;
    match named {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        named => named?,
    }
    File::open(directory)?.sync_all()
}

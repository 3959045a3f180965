//! The text at the beginning of a file: for whom its key is wrapped, and a seal over all of that.

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use super::{AgeError, FileKey, derive};

const VERSION: &str = "age-encryption.org/v1";
const COLUMNS: usize = 64;
/// No sensible number of recipients needs more.
const LONGEST: usize = 64 * 1024;

/// The file's key, wrapped for one recipient.
pub(super) struct Stanza {
    pub(super) arguments: Vec<String>,
    pub(super) body: Vec<u8>,
}

impl Stanza {
    pub(super) fn encode(bytes: &[u8]) -> String {
        STANDARD_NO_PAD.encode(bytes)
    }

    /// Of the many ways to write the same bytes it takes the one.
    pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
        STANDARD_NO_PAD.decode(text).ok()
    }

    fn write(&self, header: &mut String) {
        header.push_str("-> ");
        header.push_str(&self.arguments.join(" "));
        let body = Self::encode(&self.body);
        let mut rest = body.as_str();
        // The last line is shorter than the others, if need be empty.
        while let Some((line, after)) = rest.split_at_checked(COLUMNS) {
            header.push('\n');
            header.push_str(line);
            rest = after;
        }
        header.push('\n');
        header.push_str(rest);
        header.push('\n');
    }

    fn read<'a>(first: &str, lines: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let arguments: Vec<_> = first.strip_prefix("-> ")?.split(' ').map(str::to_owned).collect();
        let printable =
            |argument: &String| !argument.is_empty() && argument.bytes().all(|b| b.is_ascii_graphic());
        if !arguments.iter().all(printable) {
            return None;
        }
        let mut body = String::new();
        loop {
            let line = lines.next()?;
            body.push_str(line);
            if line.len() < COLUMNS {
                break;
            }
            if line.len() > COLUMNS {
                return None;
            }
        }
        Some(Self { arguments, body: Self::decode(&body)? })
    }
}

pub(super) fn write(stanzas: &[Stanza], key: &FileKey) -> Result<String, AgeError> {
    let mut header = format!("{VERSION}\n");
    for stanza in stanzas {
        stanza.write(&mut header);
    }
    header.push_str("---");
    let seal = hmac::sign(&seal_key(key)?, header.as_bytes());
    Ok(format!("{header} {}\n", Stanza::encode(seal.as_ref())))
}

pub(super) struct Header {
    pub(super) stanzas: Vec<Stanza>,
    /// How much of the file it takes.
    pub(super) length: usize,
    sealed: String,
    seal: Vec<u8>,
}

impl Header {
    /// `None` while its end has not arrived.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, AgeError> {
        let end = bytes.windows(4).position(|window| window == b"\n---").map(|at| at + 1);
        let length = end.and_then(|end| {
            let rest = bytes.get(end..)?;
            rest.iter().position(|byte| *byte == b'\n').map(|at| end + at + 1)
        });
        match length {
            Some(length) => Self::parse(bytes, length).ok_or(AgeError::NotAge).map(Some),
            None if bytes.len() > LONGEST || !begins_well(bytes) => Err(AgeError::NotAge),
            None => Ok(None),
        }
    }

    fn parse(bytes: &[u8], length: usize) -> Option<Self> {
        let text = std::str::from_utf8(bytes.get(..length)?).ok()?.strip_suffix('\n')?;
        let mut lines = text.split('\n');
        if lines.next()? != VERSION {
            return None;
        }
        let mut stanzas = Vec::new();
        loop {
            let line = lines.next()?;
            if let Some(seal) = line.strip_prefix("--- ") {
                let seal = Stanza::decode(seal)?;
                let whole = lines.next().is_none() && !stanzas.is_empty() && seal.len() == 32;
                let sealed = text.get(..text.rfind(' ')?)?.to_owned();
                return whole.then_some(Self { stanzas, length, sealed, seal });
            }
            stanzas.push(Stanza::read(line, &mut lines)?);
        }
    }

    /// Whether it is as it was when `key` was wrapped.
    pub(super) fn verify(&self, key: &FileKey) -> Result<(), AgeError> {
        hmac::verify(&seal_key(key)?, self.sealed.as_bytes(), &self.seal).map_err(|_| AgeError::Damaged)
    }
}

/// What is something else altogether is not read on.
fn begins_well(bytes: &[u8]) -> bool {
    bytes.iter().zip(VERSION.bytes()).all(|(found, wanted)| *found == wanted)
}

fn seal_key(key: &FileKey) -> Result<Key, AgeError> {
    Ok(Key::new(HMAC_SHA256, &*derive(&**key, &[], b"header")?))
}

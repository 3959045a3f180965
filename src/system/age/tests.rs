//! The format held to the project's own test vectors (C2SP/CCTV), and to itself.

use std::{fs, io::Read, path::Path};

use flate2::read::ZlibDecoder;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::{domain::hex::hex, system::entropy::OsEntropy};

fn keys() -> (Identities, Recipient) {
    let identity = Identity::generate(&OsEntropy).unwrap();
    let recipient = identity.recipient().unwrap();
    let file = format!("# created: today\n# public key: {recipient}\n{}\n", &*identity.reveal());
    (Identities::parse(&file).unwrap(), recipient)
}

fn seal(plain: &[u8], recipients: &[Recipient], pieces: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let mut sealer = Sealer::new(recipients, &OsEntropy, &mut file).unwrap();
    for piece in plain.chunks(pieces) {
        sealer.push(piece, &mut file).unwrap();
    }
    sealer.finish(&mut file).unwrap();
    file
}

fn open(sealed: &[u8], identities: &Identities, pieces: usize) -> Result<Vec<u8>, AgeError> {
    let (mut opener, mut plain) = (Opener::new(identities.clone()), Vec::new());
    for piece in sealed.chunks(pieces) {
        opener.push(piece, &mut plain)?;
    }
    opener.finish(&mut plain)?;
    Ok(plain)
}

struct Vector {
    expect: String,
    payload: String,
    identities: Identities,
    file: Vec<u8>,
}

fn read(path: &Path) -> Option<Vector> {
    let bytes = fs::read(path).unwrap();
    let end = bytes.windows(2).position(|window| window == b"\n\n").unwrap();
    let (head, mut file) = (std::str::from_utf8(&bytes[..end]).unwrap(), bytes[end + 2..].to_vec());
    let of = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    if of("compressed") == Some("zlib") {
        let mut whole = Vec::new();
        ZlibDecoder::new(&*file).read_to_end(&mut whole).unwrap();
        file = whole;
    }
    let (expect, payload) = (of("expect")?.to_owned(), of("payload").unwrap_or_default().to_owned());
    // Where there is none, whoever opens it has some other one.
    let identities = of("identity").map_or_else(|| keys().0, |identity| Identities::parse(identity).unwrap());
    Some(Vector { expect, payload, identities, file })
}

#[test]
fn every_vector_of_the_age_project_ends_as_it_should() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/age");
    let (mut vectors, mut opened) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Some(Vector { expect, payload, identities, file }) = read(&path) else { panic!("{path:?}") };
        for pieces in [usize::MAX, 70_000, 97] {
            let got = open(&file, &identities, pieces);
            let fits = match (&*expect, &got) {
                ("success", Ok(plain)) => {
                    opened += 1;
                    hex(&Sha256::digest(plain)) == payload
                }
                ("no match", Err(AgeError::NotForUs))
                | ("header failure", Err(AgeError::NotAge | AgeError::NotForUs | AgeError::Truncated))
                | ("HMAC failure" | "payload failure", Err(AgeError::Damaged | AgeError::Truncated)) => true,
                _ => false,
            };
            assert!(fits, "{path:?} should end in {expect}, and ended in {:?}", got.map(|plain| plain.len()));
        }
        vectors += 1;
    }
    assert!(vectors > 60 && opened > 30, "{vectors} vectors, {opened} opened");
}

#[test]
fn each_of_several_recipients_can_read_and_nobody_else() {
    let ((ada, to_ada), (grace, to_grace), (eve, _)) = (keys(), keys(), keys());
    let sealed = seal(b"users", &[to_ada, to_grace], 3);
    for identities in [&ada, &grace] {
        assert_eq!(open(&sealed, identities, 7).unwrap(), b"users");
    }
    assert!(matches!(open(&sealed, &eve, 7), Err(AgeError::NotForUs)));
}

#[test]
fn the_length_of_a_chunk_is_no_special_length() {
    let (identities, recipient) = keys();
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5] {
        let plain = vec![7; length];
        let sealed = seal(&plain, &[recipient], 10_000);
        assert!(open(&sealed, &identities, 4_096).unwrap() == plain, "{length}");
        for missing in [1, TAG, CHUNK + TAG].into_iter().filter(|missing| missing + 300 < sealed.len()) {
            let cut = &sealed[..sealed.len() - missing];
            assert!(open(cut, &identities, 4_096).is_err(), "{length} without {missing}");
        }
    }
}

#[test]
fn a_key_is_read_as_it_is_written_and_never_printed() {
    let identity = Identity::generate(&OsEntropy).unwrap();
    let recipient = identity.recipient().unwrap();
    assert_eq!(recipient.to_string().parse(), Ok(recipient));
    assert!(identity.reveal().starts_with("AGE-SECRET-KEY-1"));
    assert_eq!(format!("{identity:?}"), "Identity(***)");
    assert_eq!(identity.reveal().parse::<Recipient>(), Err(NotAKey::Secret));
    assert_eq!("age1nonsense".parse::<Recipient>(), Err(NotAKey::Recipient));
    assert_eq!(Identities::parse("# none\n\n").unwrap_err(), NotAKey::Nothing);
    let spoilt = format!("{}\nage1nonsense\n", &*identity.reveal());
    assert_eq!(Identities::parse(&spoilt).unwrap_err(), NotAKey::Identity(2));
}

proptest! {
    #[test]
    fn a_changed_byte_is_noticed(at: prop::sample::Index, change in 1_u8..) {
        let (identities, recipient) = keys();
        let mut sealed = seal(b"one of many", &[recipient], 5);
        let at = at.index(sealed.len());
        sealed[at] ^= change;
        prop_assert!(open(&sealed, &identities, 64).is_err());
    }

    #[test]
    fn noise_opens_to_nothing(bytes: Vec<u8>) {
        prop_assert!(open(&bytes, &keys().0, 16).is_err());
        let begun = [b"age-encryption.org/v1\n-> ", &*bytes].concat();
        prop_assert!(open(&begun, &keys().0, 16).is_err());
    }
}

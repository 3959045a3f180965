//! What the formats of other systems have in common: fields between dollars, numbers with a name, bytes as text.

use base64::{
    Engine,
    alphabet::{Alphabet, BCRYPT, STANDARD},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::Unusable;

/// With `=` at the end or without.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Some tools left the last bits, which say nothing, as they found them.
const BARE: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::RequireNone)
    .with_decode_allow_trailing_bits(true);

/// Exactly so many fields, with a dollar between any two.
pub(super) fn split<const N: usize>(text: &str) -> Result<[&str; N], Unusable> {
    let mut fields = text.split('$');
    let mut found = [""; N];
    for place in &mut found {
        *place = fields.next().ok_or(Unusable::Unknown)?;
    }
    if fields.next().is_none() { Ok(found) } else { Err(Unusable::Unknown) }
}

/// `m=65536,t=3,p=4`: these names, in this order, and no others.
pub(super) fn numbers<const N: usize>(text: &str, names: [&str; N]) -> Result<[u32; N], Unusable> {
    let mut parts = text.split(',');
    let mut found = [0; N];
    for (place, name) in found.iter_mut().zip(names) {
        *place = number(named(parts.next(), name)?)?;
    }
    if parts.next().is_none() { Ok(found) } else { Err(Unusable::Unknown) }
}

/// What stands after `name=`.
pub(super) fn named<'text>(part: Option<&'text str>, name: &str) -> Result<&'text str, Unusable> {
    part.and_then(|part| part.strip_prefix(name)?.strip_prefix('=')).ok_or(Unusable::Unknown)
}

/// Digits only, and none that says nothing.
pub(super) fn number(text: &str) -> Result<u32, Unusable> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().map_err(|_| Unusable::Unknown) } else { Err(Unusable::Unknown) }
}

pub(super) fn base64(text: &str) -> Result<Vec<u8>, Unusable> {
    decode(&STANDARD, LENIENT, text)
}

/// As bcrypt has it, with an alphabet of its own.
pub(super) fn base64_of_bcrypt(text: &str) -> Result<Vec<u8>, Unusable> {
    decode(&BCRYPT, BARE, text)
}

fn decode(alphabet: &Alphabet, config: GeneralPurposeConfig, text: &str) -> Result<Vec<u8>, Unusable> {
    GeneralPurpose::new(alphabet, config).decode(text).map_err(|_| Unusable::Unknown)
}

/// A hash short enough to be met by chance is none.
pub(super) fn base64_of_hash(text: &str) -> Result<Vec<u8>, Unusable> {
    base64(text)
        .and_then(|hash| if (16..=64).contains(&hash.len()) { Ok(hash) } else { Err(Unusable::Unknown) })
}

/// A salt that is used as the text it is.
pub(super) fn text_as_salt(text: &str) -> Result<Vec<u8>, Unusable> {
    if (1..=256).contains(&text.len()) { Ok(text.as_bytes().to_vec()) } else { Err(Unusable::Unknown) }
}

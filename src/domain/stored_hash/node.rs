//! `hex(64).salt` of Node's `scrypt(password, salt, 64)`, where the salt is used as the text it is.

use super::{Algorithm, Cost, Parsed, Recipe, Unusable, fields};
use crate::domain::hex::unhex;

pub(super) fn parse(text: &str) -> Parsed {
    let (hash, salt) = text.split_once('.').ok_or(Unusable::Unknown)?;
    let hash = unhex(hash).filter(|hash| hash.len() == 64).ok_or(Unusable::Unknown)?;
    let salt = fields::text_as_salt(salt)?;
    Ok((Recipe { algorithm: Algorithm::Scrypt(Cost::NODE), salt, length: hash.len() }, hash))
}

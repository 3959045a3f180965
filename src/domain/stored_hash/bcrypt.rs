//! `$2b$12$` and 53 letters, salt and hash, of bcrypt; `2a` and `2y` are other names of the same.
//!
//! `2x` is not among them: it marks the hashes of a fault in one implementation.

use super::{Algorithm, Parsed, Recipe, Unusable, fields};
use crate::domain::algorithm::Bcrypt;

/// Letters, not bytes.
const SALT: usize = 22;
const HASH: usize = 31;

pub(super) fn parse(text: &str) -> Parsed {
    parse_with(text, false)
}

/// `digested` where it was not the password itself that was hashed.
pub(super) fn parse_with(text: &str, digested: bool) -> Parsed {
    let [_, version, log_rounds, rest] = fields::split(text)?;
    if !matches!(version, "2a" | "2b" | "2y") || log_rounds.len() != 2 {
        return Err(Unusable::Unknown);
    }
    let log_rounds = fields::number(log_rounds.strip_prefix('0').unwrap_or(log_rounds))?;
    let bcrypt = Bcrypt::new(log_rounds.try_into().map_err(|_| Unusable::Unknown)?, digested)?;
    let (salt, hash) = rest.split_at_checked(SALT).ok_or(Unusable::Unknown)?;
    if hash.len() != HASH {
        return Err(Unusable::Unknown);
    }
    let (salt, hash) = (fields::base64_of_bcrypt(salt)?, fields::base64_of_bcrypt(hash)?);
    Ok((Recipe { algorithm: Algorithm::Bcrypt(bcrypt), salt, length: hash.len() }, hash))
}

//! What Django writes: `pbkdf2_sha256$iterations$salt$hash`, where the salt is used as the text it is, and the formats of others
//! behind a name: `argon2$argon2id$…`, `bcrypt$$2b$…`, and `bcrypt_sha256$$2b$…`, where the password was digested before.

use super::{Parsed, Unusable, argon2, bcrypt, fields, pbkdf2};
use crate::domain::algorithm::Digest;

pub(super) fn parse(text: &str) -> Parsed {
    let (name, rest) = text.split_once('$').ok_or(Unusable::Unknown)?;
    match name {
        // The dollar that it begins with is the one behind the name.
        "argon2" => argon2::parse(text.strip_prefix(name).ok_or(Unusable::Unknown)?),
        "bcrypt" => bcrypt::parse(rest),
        "bcrypt_sha256" => bcrypt::parse_with(rest, true),
        "pbkdf2_sha256" => parse_pbkdf2(Digest::Sha256, rest),
        "pbkdf2_sha512" => parse_pbkdf2(Digest::Sha512, rest),
        _ => Err(Unusable::Unknown),
    }
}

fn parse_pbkdf2(digest: Digest, text: &str) -> Parsed {
    let [iterations, salt, hash] = fields::split(text)?;
    pbkdf2::recipe(digest, fields::number(iterations)?, fields::text_as_salt(salt)?, hash)
}

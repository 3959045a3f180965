//! `$argon2id$v=19$m=65536,t=3,p=4$salt$hash`, as the reference implementation writes it; `argon2i` is read too, and what has
//! no version is of the one before there were any.

use super::{Algorithm, Parsed, Recipe, Unusable, fields};
use crate::domain::algorithm::{Argon2, Variant, Version};

pub(super) fn parse(text: &str) -> Parsed {
    let (version, [_, variant, costs, salt, hash]) = match fields::split(text) {
        Ok([none, variant, version, costs, salt, hash]) => {
            (known(version)?, [none, variant, costs, salt, hash])
        }
        Err(_) => (Version::V16, fields::split(text)?),
    };
    let variant = match variant {
        "argon2i" => Variant::I,
        "argon2id" => Variant::Id,
        _ => return Err(Unusable::Unknown),
    };
    let [kib, passes, lanes] = fields::numbers(costs, ["m", "t", "p"])?;
    let argon2 = Argon2::new(variant, version, (kib, passes, lanes))?;
    let (salt, hash) = (fields::base64(salt)?, fields::base64_of_hash(hash)?);
    // RFC 9106 has no shorter one.
    if !(8..=64).contains(&salt.len()) {
        return Err(Unusable::Unknown);
    }
    Ok((Recipe { algorithm: Algorithm::Argon2(argon2), salt, length: hash.len() }, hash))
}

fn known(version: &str) -> Result<Version, Unusable> {
    match version {
        "v=16" => Ok(Version::V16),
        "v=19" => Ok(Version::V19),
        _ => Err(Unusable::Unknown),
    }
}

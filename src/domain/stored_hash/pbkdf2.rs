//! `$pbkdf2-sha256$i=600000,l=32$salt$hash`, and passlib's `$pbkdf2-sha256$29000$salt$hash` with a dot for each plus; `sha512` too.

use super::{Algorithm, Parsed, Recipe, Unusable, fields};
use crate::domain::algorithm::{Digest, Pbkdf2};

pub(super) fn parse(text: &str) -> Parsed {
    let [_, name, costs, salt, hash] = fields::split(text)?;
    let digest = match name {
        "pbkdf2-sha256" => Digest::Sha256,
        "pbkdf2-sha512" => Digest::Sha512,
        _ => return Err(Unusable::Unknown),
    };
    if let Ok(iterations) = fields::number(costs) {
        let [salt, hash] = [salt, hash].map(|text| text.replace('.', "+"));
        return recipe(digest, iterations, fields::base64(&salt)?, &hash);
    }
    let (iterations, length) = match fields::numbers(costs, ["i", "l"]) {
        Ok([iterations, length]) => (iterations, Some(length)),
        Err(_) => (fields::numbers::<1>(costs, ["i"]).map(|[iterations]| iterations)?, None),
    };
    let parsed = recipe(digest, iterations, fields::base64(salt)?, hash)?;
    let agrees = length.is_none_or(|length| usize::try_from(length) == Ok(parsed.0.length));
    if agrees { Ok(parsed) } else { Err(Unusable::Unknown) }
}

pub(super) fn recipe(digest: Digest, iterations: u32, salt: Vec<u8>, hash: &str) -> Parsed {
    let hash = fields::base64_of_hash(hash)?;
    if !(1..=256).contains(&salt.len()) {
        return Err(Unusable::Unknown);
    }
    let algorithm = Algorithm::Pbkdf2(Pbkdf2::new(digest, iterations, hash.len())?);
    Ok((Recipe { algorithm, salt, length: hash.len() }, hash))
}

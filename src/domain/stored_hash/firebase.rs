//! Firebase's own scrypt, with what its console says of the project written beside each hash:
//! `$fbscrypt$v=1,n=14,r=8,p=1,ss=separator,sk=signer key$salt$hash`, the form in which others keep it as well.

use std::fmt;

use super::{Algorithm, Cost, Parsed, Recipe, Unusable, fields};
use crate::domain::algorithm::SignerKey;

/// What is the same in all hashes of a Firebase project.
#[derive(Clone)]
pub struct Project {
    parameters: String,
}

impl Project {
    /// As the console shows them, keys in base64.
    pub fn new(signer_key: &str, salt_separator: &str, rounds: u32, mem_cost: u32) -> Result<Self, Unusable> {
        let (signer_key, separator) = (plain(signer_key), plain(salt_separator));
        let parameters = format!("v=1,n={mem_cost},r={rounds},p=1,ss={separator},sk={signer_key}");
        parse_parameters(&parameters).map(|_| Self { parameters })
    }

    /// One hash of it, as an export has it.
    pub fn hash(&self, salt: &str, hash: &str) -> String {
        format!("$fbscrypt${}${}${}", self.parameters, plain(salt), plain(hash))
    }
}

/// The signer key is a secret.
impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Project(***)")
    }
}

pub(super) fn parse(text: &str) -> Parsed {
    let [_, _, parameters, salt, hash] = fields::split(text)?;
    let (cost, separator, key) = parse_parameters(parameters)?;
    let (mut salt, hash) = (fields::base64(salt)?, fields::base64(hash)?);
    // It is the signer key, encrypted.
    if salt.is_empty() || salt.len() > 256 || hash.len() != key.as_bytes().len() {
        return Err(Unusable::Unknown);
    }
    salt.extend(separator);
    Ok((Recipe { algorithm: Algorithm::Firebase(cost, key), salt, length: hash.len() }, hash))
}

fn parse_parameters(text: &str) -> Result<(Cost, Vec<u8>, SignerKey), Unusable> {
    let (costs, keys) = text.split_once(",ss=").ok_or(Unusable::Unknown)?;
    let (separator, key) = keys.split_once(",sk=").ok_or(Unusable::Unknown)?;
    let [1, log_n, r, p] = fields::numbers(costs, ["v", "n", "r", "p"])? else {
        return Err(Unusable::Unknown);
    };
    let cost = Cost::new(log_n.try_into().map_err(|_| Unusable::Unknown)?, r, p)?;
    Ok((cost, fields::base64(separator)?, SignerKey::new(fields::base64(key)?)?))
}

/// Some exports have the letters that are safe in addresses of pages.
fn plain(base64: &str) -> String {
    base64.trim().replace('-', "+").replace('_', "/")
}

//! Our own format, which others write as well: `$scrypt$ln=17,r=8,p=1$salt$hash`.

use scrypt::password_hash::phc;

use super::{Algorithm, Cost, Parsed, Recipe, Unusable};

pub(super) fn parse(text: &str) -> Parsed {
    let parsed = phc::PasswordHash::new(text).map_err(|_| Unusable::Unknown)?;
    let number = |name| parsed.params.get_decimal(name).ok_or(Unusable::Unknown);
    let log_n = number("ln")?.try_into().map_err(|_| Unusable::Unknown)?;
    let cost = Cost::new(log_n, number("r")?, number("p")?)?;
    let (Some(salt), Some(hash)) = (parsed.salt, parsed.hash) else { return Err(Unusable::Unknown) };
    let hash = hash.as_bytes().to_vec();
    Ok((Recipe { algorithm: Algorithm::Scrypt(cost), salt: salt.to_vec(), length: hash.len() }, hash))
}

pub(super) fn write(recipe: &Recipe, hash: &[u8]) -> Result<String, Unusable> {
    let Algorithm::Scrypt(cost) = recipe.algorithm else { return Err(Unusable::Unknown) };
    written(cost, &recipe.salt, hash).map_err(|_| Unusable::Unknown)
}

fn written(cost: Cost, salt: &[u8], hash: &[u8]) -> Result<String, phc::Error> {
    let mut params = phc::ParamsString::new();
    params.add_decimal("ln", cost.log_n().into())?;
    params.add_decimal("r", cost.r())?;
    params.add_decimal("p", cost.p())?;
    let (salt, hash) = (phc::Salt::new(salt)?, phc::Output::new(hash)?);
    let algorithm = phc::Ident::new("scrypt")?;
    Ok(phc::PasswordHash { algorithm, version: None, params, salt: Some(salt), hash: Some(hash) }.to_string())
}

//! One hash, of whichever algorithm, in memory that a slot lends.

mod argon2;
mod bcrypt;
mod firebase;
mod pbkdf2;

use romix::scrypt;
use zeroize::Zeroizing;

use crate::domain::{
    algorithm::Algorithm,
    cost::Cost,
    password::Candidate,
    stored_hash::{Derived, Recipe},
};

use super::{Refused, priority::Stride, scratch::Scratch};

/// Leaves no memory behind that the candidate can be guessed from.
pub(super) fn derive(
    scratch: &mut Scratch,
    candidate: &Candidate,
    recipe: &Recipe,
) -> Result<Derived, Refused> {
    let (password, salt) = (candidate.as_bytes(), recipe.salt.as_slice());
    let mut output = Zeroizing::new(vec![0; recipe.length]);
    match &recipe.algorithm {
        Algorithm::Scrypt(cost) => in_memory(scratch, *cost, (password, salt), &mut output)?,
        Algorithm::Firebase(cost, key) => {
            let mut derived = firebase::Key::default();
            in_memory(scratch, *cost, (password, salt), &mut *derived)?;
            firebase::encrypt(key, &derived, &mut output).map_err(broken)?;
        }
        Algorithm::Argon2(argon2) => {
            // Its memory is of another kind, and the two together may be more than there is.
            scratch.give_back();
            argon2::derive(*argon2, (password, salt), &mut output)?;
        }
        Algorithm::Bcrypt(bcrypt) => bcrypt::derive(*bcrypt, password, salt, &mut output),
        Algorithm::Pbkdf2(pbkdf2) => pbkdf2::derive(*pbkdf2, password, salt, &mut output),
    }
    Ok(Derived::new(std::mem::take(&mut output)))
}

fn in_memory(
    scratch: &mut Scratch,
    cost: Cost,
    (password, salt): (&[u8], &[u8]),
    output: &mut [u8],
) -> Result<(), Refused> {
    let needed = cost.memory();
    let mut memory = scratch.lend(needed).map_err(|error| Refused::no_memory(needed, &error))?;
    let shape = (cost.r(), cost.p());
    let mut stride = Stride::over(2 * cost.r() as usize * size_of::<romix::Block>());
    scrypt(password, salt, shape, memory.blocks(), &mut || stride.step(), output);
    Ok(())
}

/// What a recipe that was parsed cannot lead to.
fn broken(error: impl std::fmt::Display) -> Refused {
    tracing::error!(cause = %error, "a hash could not be computed");
    Refused::Stopped
}

#[cfg(test)]
mod tests;

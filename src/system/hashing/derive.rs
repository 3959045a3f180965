//! One hash, in memory that a slot lends.

use romix::{Block, scrypt};
use zeroize::Zeroizing;

use crate::domain::{
    password::Candidate,
    stored_hash::{Derived, Recipe},
};

use super::priority::Stride;

/// `None` when `memory` is too small. It is left full of what a candidate can be guessed from.
pub(super) fn in_memory(candidate: &Candidate, recipe: &Recipe, memory: &mut [Block]) -> Option<Derived> {
    let (cost, mut output) = (recipe.cost, Zeroizing::new(vec![0; recipe.length]));
    let memory = memory.get_mut(..cost.memory() / size_of::<Block>())?;
    let shape = (cost.r(), cost.p());
    let mut stride = Stride::over(2 * cost.r() as usize * size_of::<Block>());
    scrypt(candidate.as_bytes(), &recipe.salt, shape, memory, &mut || stride.step(), &mut output);
    Some(Derived::new(std::mem::take(&mut output)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cost::Cost;

    #[test]
    fn too_little_memory_gives_no_hash_rather_than_a_wrong_one() {
        let recipe = Recipe { cost: Cost::NODE, salt: Vec::new(), length: 32 };
        let mut memory = vec![[0; 64]; Cost::NODE.memory() / 64 - 1];
        assert!(in_memory(&Candidate::try_from("").unwrap(), &recipe, &mut memory).is_none());
    }
}

//! Argon2, in memory that is taken for one hash and wiped after it.
//!
//! The library's blocks cannot be laid over the slot's own memory without `unsafe`. The pool has counted them all the same.

use std::{hint::black_box, thread};

use argon2::{Algorithm, Argon2, Block, Params};

use crate::domain::algorithm::{self, Variant, Version};

use super::{Refused, broken};

/// Then whoever else wants the processor has it.
const WIPED_AT_ONCE: usize = (256 << 10) / Block::SIZE;

struct Blocks(Vec<Block>);

pub(super) fn derive(
    cost: algorithm::Argon2,
    (password, salt): (&[u8], &[u8]),
    output: &mut [u8],
) -> Result<(), Refused> {
    let params = Params::new(cost.kib(), cost.passes(), cost.lanes(), Some(output.len())).map_err(broken)?;
    let mut blocks = Blocks::take(params.block_count())?;
    let variant = match cost.variant {
        Variant::I => Algorithm::Argon2i,
        Variant::Id => Algorithm::Argon2id,
    };
    let version = match cost.version {
        Version::V16 => argon2::Version::V0x10,
        Version::V19 => argon2::Version::V0x13,
    };
    let argon2 = Argon2::new(variant, version, params);
    argon2.hash_password_into_with_memory(password, salt, output, blocks.0.as_mut_slice()).map_err(broken)
}

impl Blocks {
    fn take(number: usize) -> Result<Self, Refused> {
        let mut blocks = Vec::new();
        let taken = blocks.try_reserve_exact(number);
        taken.map_err(|error| Refused::no_memory(number * Block::SIZE, &error))?;
        blocks.resize(number, Block::new());
        Ok(Self(blocks))
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        for piece in self.0.chunks_mut(WIPED_AT_ONCE) {
            piece.fill(Block::new());
            thread::yield_now();
        }
        black_box(&mut self.0);
    }
}

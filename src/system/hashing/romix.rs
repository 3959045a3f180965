//! scrypt (RFC 7914) in memory that is lent to it.
//!
//! The `scrypt` crate takes its own memory for every hash; a slot keeps its own, so the mixing is ours. One job is
//! computed at a time; several interleaved would be another [`mix`] over as many memories, and nothing else here.

use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::domain::{
    cost::Cost,
    password::Candidate,
    stored_hash::{Derived, Recipe},
};

use super::{
    priority::Stride,
    salsa::{Block, State},
};

/// `None` when `memory` is too small. It is left full of what a candidate can be guessed from.
pub(super) fn derive(candidate: &Candidate, recipe: &Recipe, memory: &mut [Block]) -> Option<Derived> {
    let mut output = Zeroizing::new(vec![0; recipe.length]);
    scrypt(candidate.as_bytes(), &recipe.salt, recipe.cost, memory, &mut output)?;
    Some(Derived::new(std::mem::take(&mut output)))
}

fn scrypt(password: &[u8], salt: &[u8], cost: Cost, memory: &mut [Block], output: &mut [u8]) -> Option<()> {
    let memory = memory.get_mut(..cost.memory() / size_of::<Block>())?;
    let row = 2 * cost.r() as usize;
    let mut lanes = Zeroizing::new(vec![[0; 64]; row * cost.p() as usize]);
    let mut spare = Zeroizing::new(vec![[0; 64]; row]);

    pbkdf2_hmac::<Sha256>(password, salt, 1, lanes.as_flattened_mut());
    for lane in lanes.chunks_exact_mut(row) {
        mix(lane, &mut spare, memory);
    }
    pbkdf2_hmac::<Sha256>(password, lanes.as_flattened(), 1, output);
    Some(())
}

/// `ROMix`: fills `memory` row by row, then visits it in an order that only its contents tell.
fn mix(x: &mut [Block], y: &mut [Block], memory: &mut [Block]) {
    let n = memory.len() / x.len();
    let mut stride = Stride::over(size_of_val(x));
    let mut rows = memory.chunks_exact_mut(x.len());
    let Some(mut last) = rows.next() else { return };
    last.copy_from_slice(x);
    for row in rows {
        mix_blocks(last, row);
        last = row;
        stride.step();
    }
    mix_blocks(last, x);

    // `n` is even, so what ends in `y` goes back to `x`.
    for _ in 0..n / 2 {
        visit(x, y, memory, n);
        visit(y, x, memory, n);
        stride.step();
        stride.step();
    }
}

/// The whole row is added before it is mixed: its cache lines then arrive together instead of one after the other.
fn visit(from: &mut [Block], to: &mut [Block], memory: &[Block], n: usize) {
    let Some(row) = memory.chunks_exact(from.len()).nth(index(from, n)) else { return };
    for (mine, theirs) in from.as_flattened_mut().iter_mut().zip(row.as_flattened()) {
        *mine ^= theirs;
    }
    mix_blocks(from, to);
}

/// Integerify: the first word of the last block, modulo `n`.
fn index(row: &[Block], n: usize) -> usize {
    let word = row.last().and_then(|block| block.first_chunk()).map_or(0, |word| u32::from_le_bytes(*word));
    word as usize & (n - 1)
}

/// `BlockMix`: even blocks go to the first half, odd ones to the second.
fn mix_blocks(from: &[Block], to: &mut [Block]) {
    let Some(last) = from.last() else { return };
    let mut state = State::read(last);
    let (evens, odds) = to.split_at_mut(from.len() / 2);
    for ([even, odd], (to_even, to_odd)) in from.as_chunks().0.iter().zip(evens.iter_mut().zip(odds)) {
        state.xor(even);
        state.stir();
        state.write(to_even);
        state.xor(odd);
        state.stir();
        state.write(to_odd);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ours(password: &[u8], salt: &[u8], cost: Cost, length: usize) -> Vec<u8> {
        let mut memory = vec![[0xaa; 64]; cost.memory() / 64];
        let mut output = vec![0; length];
        scrypt(password, salt, cost, &mut memory, &mut output).unwrap();
        output
    }

    fn hex(bytes: &[u8]) -> String {
        bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
            .collect()
    }

    #[test]
    fn rfc_7914_section_12_it_derives_what_the_vectors_say() {
        // The first vector has n = 16 and r = 1, the last would need 1 GiB.
        let vectors = [
            (
                "",
                "",
                (4, 1, 1),
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442\
                 fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
            ),
            (
                "password",
                "NaCl",
                (10, 8, 16),
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162\
                 2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
            ),
            (
                "pleaseletmein",
                "SodiumChloride",
                (14, 8, 1),
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2\
                 d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
            ),
        ];
        for (password, salt, (log_n, r, p), expected) in vectors {
            let cost = Cost::new(log_n, r, p).unwrap();
            assert_eq!(hex(&ours(password.as_bytes(), salt.as_bytes(), cost, 64)), expected);
        }
    }

    #[test]
    fn too_little_memory_gives_no_hash_rather_than_a_wrong_one() {
        let mut memory = vec![[0; 64]; Cost::NODE.memory() / 64 - 1];
        assert_eq!(scrypt(b"", b"", Cost::NODE, &mut memory, &mut [0; 32]), None);
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_scrypt_crate(
            (log_n, r, p) in (1_u8..=7, 1_u32..=9, 1_u32..=4),
            password: Vec<u8>,
            salt: Vec<u8>,
            length in 1_usize..=128,
        ) {
            let mut theirs = vec![0; length];
            let params = scrypt::Params::new(log_n, r, p).unwrap();
            scrypt::scrypt(&password, &salt, &params, &mut theirs).unwrap();
            prop_assert_eq!(ours(&password, &salt, Cost::new(log_n, r, p).unwrap(), length), theirs);
        }
    }
}

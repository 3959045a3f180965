//! scrypt (RFC 7914) in memory that is lent to it.
//!
//! The `scrypt` crate takes its own memory for every hash; whoever hashes all day keeps theirs, so the mixing is ours. One
//! hash is computed at a time; several interleaved would be another [`mix`] over as many memories, and nothing else here.
//!
//! A package of its own because it is the one part that has to be built for speed, also where everything else is not.

mod salsa;

use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

use salsa::State;

/// What scrypt reads and writes at once: sixteen words, little-endian.
pub type Block = [u8; 64];

/// `memory` has one row of `2 * r` blocks for each of scrypt's `n`, and is left full of what the password can be guessed
/// from. `after_each_row` is called so often that a thread may make way for others there.
pub fn scrypt(
    password: &[u8],
    salt: &[u8],
    (r, p): (u32, u32),
    memory: &mut [Block],
    after_each_row: &mut dyn FnMut(),
    output: &mut [u8],
) {
    let row = 2 * r as usize;
    let mut lanes = Zeroizing::new(vec![[0; 64]; row * p as usize]);
    let mut spare = Zeroizing::new(vec![[0; 64]; row]);

    pbkdf2_hmac::<Sha256>(password, salt, 1, lanes.as_flattened_mut());
    for lane in lanes.chunks_exact_mut(row) {
        mix(lane, &mut spare, memory, after_each_row);
    }
    pbkdf2_hmac::<Sha256>(password, lanes.as_flattened(), 1, output);
}

/// `ROMix`: fills `memory` row by row, then visits it in an order that only its contents tell.
fn mix(x: &mut [Block], y: &mut [Block], memory: &mut [Block], after_each_row: &mut dyn FnMut()) {
    let n = memory.len() / x.len();
    let mut rows = memory.chunks_exact_mut(x.len());
    let Some(mut last) = rows.next() else { return };
    last.copy_from_slice(x);
    for row in rows {
        mix_blocks(last, row);
        last = row;
        after_each_row();
    }
    mix_blocks(last, x);

    // `n` is even, so what ends in `y` goes back to `x`.
    for _ in 0..n / 2 {
        visit(x, y, memory, n);
        after_each_row();
        visit(y, x, memory, n);
        after_each_row();
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

    fn ours(password: &[u8], salt: &[u8], (log_n, r, p): (u8, u32, u32), length: usize) -> Vec<u8> {
        let rows = 1 << log_n;
        let mut memory = vec![[0xaa; 64]; rows * 2 * r as usize];
        let (mut output, mut done) = (vec![0; length], 0);
        scrypt(password, salt, (r, p), &mut memory, &mut || done += 1, &mut output);
        assert_eq!(done, (2 * rows - 1) * p as usize, "rows");
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
            let derived = ours(password.as_bytes(), salt.as_bytes(), (log_n, r, p), 64);
            assert_eq!(hex(&derived), expected);
        }
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
            let params = ::scrypt::Params::new(log_n, r, p).unwrap();
            ::scrypt::scrypt(&password, &salt, &params, &mut theirs).unwrap();
            prop_assert_eq!(ours(&password, &salt, (log_n, r, p), length), theirs);
        }
    }
}

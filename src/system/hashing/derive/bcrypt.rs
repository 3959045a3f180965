//! bcrypt, on the library's Blowfish, which makes way for others between its rounds.

use blowfish::Blowfish;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::{algorithm::Bcrypt, hex::hex};

use super::Stride;

/// Bytes of a password that count, with the zero that ends it where there is room; the rest is not read.
const READ: usize = 72;

/// "`OrpheanBeholderScryDoubt`"
const TEXT: [[u32; 2]; 3] =
    [[0x4f72_7068, 0x6561_6e42], [0x6568_6f6c, 0x6465_7253], [0x6372_7944, 0x6f75_6274]];

/// What a round reads and writes: both halves of it go over the whole state.
const ROUND: usize = 2 * 4168;

pub(super) fn derive(bcrypt: Bcrypt, password: &[u8], salt: &[u8], output: &mut [u8]) {
    let key = if bcrypt.digested { key(hex(&Sha256::digest(password)).as_bytes()) } else { key(password) };
    let mut stride = Stride::over(ROUND);
    let mut state: Blowfish = Blowfish::bc_init_state();
    state.salted_expand_key(salt, &key);
    for _ in 0..bcrypt.rounds() {
        state.bc_expand_key(&key);
        state.bc_expand_key(salt);
        stride.step();
    }
    let hash = TEXT.map(|text| (0..64).fold(text, |text, _| state.bc_encrypt(text)));
    let bytes = hash.into_iter().flatten().flat_map(u32::to_be_bytes);
    // All but the last byte: nobody knows why.
    output.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
}

fn key(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(READ + 1));
    key.extend(password.iter().take(READ));
    key.push(0);
    key.truncate(READ);
    key
}

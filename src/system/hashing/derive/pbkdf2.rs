//! PBKDF2 with HMAC, as RFC 8018 has it.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};

use crate::domain::algorithm::{Digest, Pbkdf2};

pub(super) fn derive(cost: Pbkdf2, password: &[u8], salt: &[u8], output: &mut [u8]) {
    let with = match cost.digest {
        Digest::Sha256 => PBKDF2_HMAC_SHA256,
        Digest::Sha512 => PBKDF2_HMAC_SHA512,
    };
    // There is always one, or the cost would be none.
    let iterations = NonZeroU32::new(cost.iterations()).unwrap_or(NonZeroU32::MIN);
    pbkdf2::derive(with, iterations, salt, password, output);
}

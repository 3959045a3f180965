//! Vectors from those who specified the algorithms. Those of whole systems are in `tests/it/foreign_hashes`.

use super::*;
use crate::domain::{
    algorithm::{Argon2, Bcrypt, Digest, Pbkdf2, SignerKey, Variant, Version},
    hex::{hex, unhex},
    stored_hash::StoredHash,
};

fn recipe(algorithm: Algorithm, salt: &[u8], length: usize) -> Recipe {
    Recipe { algorithm, salt: salt.to_vec(), length }
}

fn derived(password: &str, recipe: &Recipe) -> Derived {
    derive(&mut Scratch::default(), &Candidate::try_from(password).unwrap(), recipe).unwrap()
}

/// Whether the password has this hash, in hexadecimal.
fn leads_to(password: &str, algorithm: Algorithm, salt: &[u8], hash: &str) -> bool {
    let hash = unhex(&hash.replace([' ', '\n'], "")).unwrap();
    let recipe = recipe(algorithm, salt, hash.len());
    StoredHash::new(recipe.clone(), &Derived::new(hash)).matches(&derived(password, &recipe))
}

#[test]
fn rfc_7914_section_11_pbkdf2_with_sha_256() {
    for (password, salt, iterations, hash) in [
        (
            "passwd",
            "salt",
            1,
            "55ac046e56e3089fec1691c22544b605 f94185216dde0465e68b9d57c20dacbc
             49ca9cccf179b645991664b39d77ef31 7c71b845b1e30bd509112041d3a19783",
        ),
        (
            "Password",
            "NaCl",
            80_000,
            "4ddcd8f60b98be21830cee5ef22701f9 641a4418d04c0414aeff08876b34ab56
             a1d425a1225833549adb841b51c9b317 6a272bdebba1d078478f62b397f33c8d",
        ),
    ] {
        let pbkdf2 = Pbkdf2::new(Digest::Sha256, iterations, 64).unwrap();
        assert!(leads_to(password, Algorithm::Pbkdf2(pbkdf2), salt.as_bytes(), hash), "{iterations}");
    }
}

/// The specification's own vectors have a secret and data, which no format here has; these are those of the reference
/// implementation's tests (`phc-winner-argon2`, `src/test.c`), for "password" and "somesalt".
#[test]
fn argon2_as_its_reference_implementation_tests_it() {
    for (variant, version, (kib, passes, lanes), hash) in [
        (
            Variant::I,
            Version::V16,
            (256, 2, 1),
            "fd4dd83d762c49bdeaf57c47bdcd0c2f1babf863fdeb490df63ede9975fccf06",
        ),
        (
            Variant::I,
            Version::V19,
            (256, 2, 1),
            "89e9029f4637b295beb027056a7336c414fadd43f6b208645281cb214a56452f",
        ),
        (
            Variant::I,
            Version::V19,
            (256, 2, 2),
            "4ff5ce2769a1d7f4c8a491df09d41a9fbe90e5eb02155a13e4c01e20cd4eab61",
        ),
        (
            Variant::Id,
            Version::V19,
            (256, 2, 1),
            "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe",
        ),
        (
            Variant::Id,
            Version::V19,
            (256, 2, 2),
            "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037",
        ),
    ] {
        let argon2 = Argon2::new(variant, version, (kib, passes, lanes)).unwrap();
        assert!(leads_to("password", Algorithm::Argon2(argon2), b"somesalt", hash), "{argon2:?}");
    }
}

#[test]
fn every_hash_of_one_slot_is_right_whatever_it_computed_before() {
    let mut scratch = Scratch::default();
    let candidate = Candidate::try_from("correct horse").unwrap();
    let signer = SignerKey::new(vec![7; 64]).unwrap();
    let algorithms = [
        (Algorithm::Scrypt(Cost::new(10, 8, 1).unwrap()), 32),
        (Algorithm::Argon2(Argon2::new(Variant::Id, Version::V19, (512, 1, 2)).unwrap()), 32),
        (Algorithm::Firebase(Cost::new(10, 8, 1).unwrap(), signer), 64),
        (Algorithm::Bcrypt(Bcrypt::new(4, false).unwrap()), 23),
        (Algorithm::Pbkdf2(Pbkdf2::new(Digest::Sha512, 10, 64).unwrap()), 64),
    ];
    for _ in 0..2 {
        for (algorithm, length) in &algorithms {
            let recipe = recipe(algorithm.clone(), &[9; 16], *length);
            let again = derive(&mut scratch, &candidate, &recipe).unwrap();
            let expected = StoredHash::new(recipe.clone(), &derived("correct horse", &recipe));
            assert!(expected.matches(&again), "{algorithm}");
        }
    }
}

#[test]
fn bcrypt_reads_72_bytes_and_a_digest_reads_all() {
    let long = "x".repeat(72);
    for (digested, same) in [(false, true), (true, false)] {
        let bcrypt = Algorithm::Bcrypt(Bcrypt::new(4, digested).unwrap());
        let recipe = recipe(bcrypt, &[9; 16], 23);
        let stored = StoredHash::new(recipe.clone(), &derived(&long, &recipe));
        assert_eq!(stored.matches(&derived(&format!("{long}more"), &recipe)), same, "{digested}");
        assert!(!stored.matches(&derived(&long[1..], &recipe)), "one letter less");
    }
    assert_eq!(hex(b"\0"), "00", "what ends a shorter one is part of it");
}

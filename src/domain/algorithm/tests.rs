//! What is taken, what is not, and what makes up for a cheap one.

use super::*;

#[test]
fn what_others_recommend_is_taken_and_what_would_exhaust_us_is_not() {
    let argon2 = |kib, passes, lanes| Argon2::new(Variant::Id, Version::V19, (kib, passes, lanes));
    // OWASP's five, RFC 9106's for little memory, and what argon2-cffi and Django choose.
    for (kib, passes, lanes) in [
        (47_104, 1, 1),
        (19_456, 2, 1),
        (12_288, 3, 1),
        (9_216, 4, 1),
        (7_168, 5, 1),
        (65_536, 3, 4),
        (102_400, 2, 8),
        (1 << 20, 1, 4),
    ] {
        assert!(argon2(kib, passes, lanes).is_ok(), "m={kib},t={passes},p={lanes}");
    }
    let is_too_costly = |refused| matches!(refused, Err(OutOfBounds::TooCostly(_)));
    for (kib, passes, lanes) in
        [(1 << 21, 1, 4), (1 << 20, 2, 1), (65_536, u32::MAX, 1), (u32::MAX, 1, 1), (1 << 10, 1, 65)]
    {
        assert!(is_too_costly(argon2(kib, passes, lanes).map(drop)), "m={kib},t={passes},p={lanes}");
    }
    for (kib, passes, lanes) in [(7, 1, 1), (8, 0, 1), (8, 1, 0), (63, 1, 8), (1 << 20, 1, u32::MAX)] {
        assert_eq!(argon2(kib, passes, lanes), Err(OutOfBounds::Senseless), "m={kib},t={passes},p={lanes}");
    }
    assert!([4, 14].iter().all(|cost| Bcrypt::new(*cost, false).is_ok()));
    assert!([15, 31].iter().all(|cost| is_too_costly(Bcrypt::new(*cost, true).map(drop))));
    assert!([0, 3, 32, 255].iter().all(|cost| Bcrypt::new(*cost, true) == Err(OutOfBounds::Senseless)));
    for (digest, recommended) in [(Digest::Sha256, 1_500_000), (Digest::Sha512, 600_000)] {
        assert!(Pbkdf2::new(digest, recommended, 64).is_ok(), "{digest:?}");
        assert!(is_too_costly(Pbkdf2::new(digest, 10_000_000, 32).map(drop)), "{digest:?}");
        assert!(is_too_costly(Pbkdf2::new(digest, 1_000_000, 1 << 20).map(drop)), "{digest:?}");
        assert_eq!(Pbkdf2::new(digest, 0, 32), Err(OutOfBounds::Senseless), "{digest:?}");
    }
}

#[test]
fn what_is_too_costly_names_what_was_asked_and_what_may_be() {
    let told = [
        Bcrypt::new(15, false).unwrap_err(),
        Argon2::new(Variant::Id, Version::V19, (1 << 21, 1, 4)).unwrap_err(),
        Pbkdf2::new(Digest::Sha256, 10_000_000, 64).unwrap_err(),
        Cost::new(20, 16, 1).unwrap_err(),
    ];
    assert_eq!(
        told.map(|refused| refused.to_string()),
        [
            "bcrypt cost 15; a sign-in may take 14 at most",
            "argon2id m=2097152,t=1,p=4; a sign-in may take m=1048576, m·t=2013265 and p=64 at most",
            "pbkdf2-sha256 with 10000000 iterations; a sign-in may take 3145728 at most",
            "scrypt ln=20,r=16,p=1; a sign-in may take ln=20, r=32, p=64, and N·r·p=6291456 at most",
        ]
    );
}

#[test]
fn the_bounds_are_those_that_the_documentation_says() {
    let documentation = include_str!("../../../docs/import.md").replace(',', "");
    let is_last = |number: u32, takes: &dyn Fn(u32) -> bool| {
        takes(number) && !takes(number + 1) && documentation.contains(&number.to_string())
    };
    let pbkdf2 = |digest| move |iterations| Pbkdf2::new(digest, iterations, 32).is_ok();
    assert!(is_last(6_291_456, &pbkdf2(Digest::Sha256)));
    assert!(is_last(2_796_202, &pbkdf2(Digest::Sha512)));
    assert!(Pbkdf2::new(Digest::Sha256, 6_291_456 / 2, 64).is_ok());
    let argon2 = |passes| Argon2::new(Variant::Id, Version::V19, (8, passes, 1)).is_ok();
    assert!(argon2(2_013_265 / 8) && !argon2(2_013_265 / 8 + 1) && documentation.contains("2013265"));
    assert!(is_last(14, &|cost| Bcrypt::new(u8::try_from(cost).unwrap(), false).is_ok()));
}

#[test]
fn no_hash_is_taken_that_costs_more_than_a_sign_in_has_time_for() {
    for (log_n, r, p) in [(20, 8, 1), (17, 8, 7), (14, 8, 49), (20, 32, 64)] {
        assert!(matches!(Cost::new(log_n, r, p), Err(OutOfBounds::TooCostly(_))), "{log_n},{r},{p}");
    }
    for (log_n, r, p) in [(17, 8, 6), (19, 8, 1), (14, 8, 48)] {
        assert!(Cost::new(log_n, r, p).unwrap().work() <= MOST_WORK, "{log_n},{r},{p}");
    }
}

#[test]
fn the_rest_of_today_s_cost_is_made_up_for_by_scrypt() {
    for (cheap, today) in [
        (Algorithm::Bcrypt(Bcrypt::new(10, false).unwrap()), Cost::STANDARD),
        (Algorithm::Pbkdf2(Pbkdf2::new(Digest::Sha256, 29_000, 32).unwrap()), Cost::LOW_MEMORY),
        (Algorithm::Argon2(Argon2::new(Variant::I, Version::V16, (4_096, 3, 1)).unwrap()), Cost::STANDARD),
    ] {
        let rest = cheap.rest_of(today).unwrap();
        let off = (cheap.work() + rest.work()).abs_diff(today.work());
        assert!(off <= today.work() / 16, "{cheap} and {rest} are off by {off}");
        assert!(rest.memory() <= today.memory());
    }
    let dear = Algorithm::Bcrypt(Bcrypt::new(14, false).unwrap());
    assert_eq!(dear.rest_of(Cost::STANDARD), None);
}

#[test]
fn a_signer_key_cannot_be_printed() {
    let key = SignerKey::new(vec![7; 64]).unwrap();
    let algorithm = Algorithm::Firebase(Cost::NODE, key);
    assert_eq!(format!("{algorithm:?}").matches('7').count(), 0, "{algorithm:?}");
    assert_eq!(algorithm.to_string(), "Firebase's scrypt 2^14/8/1");
    assert!(SignerKey::new(Vec::new()).is_err());
}

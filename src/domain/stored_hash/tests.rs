//! What is a hash, of which algorithm, and what is written back.

use proptest::prelude::*;

use super::*;

/// Made by Node: `scryptSync("correct horse", "a1b2c3d4e5f60718", 64).toString("hex") + ".a1b2c3d4e5f60718"`.
const NODE: &str = "78623aec0a5dcd3ff254c3c7f6f02c566d84ecec1f606787165d301b321cb4db0b9978348823e4913152b6ce39cdf08a6f0231197ca109d3e84c8c386591459f.a1b2c3d4e5f60718";

/// One of each, by those who write them.
const FOREIGN: [(&str, &str, &str); 13] = [
    ("scrypt of Node", "scrypt 2^14/8/1", NODE),
    (
        "argon2id",
        "argon2id m=65536,t=3,p=4",
        "$argon2id$v=19$m=65536,t=3,p=4$HERkTXfhlkJq0GSOIP9U7w$NCEKlX2O2tjkdfIi1nGZlo3Wk5TDk8t82AM2haJc2k8",
    ),
    (
        "argon2i",
        "argon2i m=1024,t=2,p=2",
        "$argon2i$v=16$m=1024,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$8EsUB7kLs9QRWyQTwrP1nej2Mnl41eb6",
    ),
    (
        "argon2i",
        "argon2i m=1024,t=2,p=2",
        "$argon2i$m=1024,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$8EsUB7kLs9QRWyQTwrP1nej2Mnl41eb6",
    ),
    (
        "argon2id",
        "argon2id m=102400,t=2,p=8",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdHNhbHQxMg$TetCkqfvkasp/I1xjsW9R8tSjB6UOd5fhBe8FBcABr8",
    ),
    ("bcrypt", "bcrypt 6", "$2a$06$uBVCzFvrI6u7fR6sGwN4xeBnw6o1DKsgB70cTRLtfIXXGIbJjknpm"),
    ("bcrypt", "bcrypt 10", "$2b$10$k5k9a/eJhDjdu04Oab3F.uyfRJp9Msp7F6uVHUtLgm25AgoVyUf1K"),
    ("bcrypt", "bcrypt 5", "$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo."),
    ("bcrypt", "bcrypt 6", "bcrypt$$2b$06$E2WGm6Sa.1m6r99ghbyp2.dDNvDRStyiTGwpD4YTcSEGg48Qc5LV2"),
    (
        "bcrypt of SHA-256",
        "bcrypt 6",
        "bcrypt_sha256$$2b$06$eEx4HKbWILBGNdFawctl7e/pvjhZHZvhT40ZouITCf1IL85UFNsua",
    ),
    (
        "pbkdf2-sha256",
        "pbkdf2-sha256 29000",
        "$pbkdf2-sha256$29000$UWqtlVIqpbT2/r/XGiMEYA$tJdWx8gau8gPxjwED8TYFvAiKxFycJBIbPoM9eOHhyY",
    ),
    (
        "pbkdf2-sha256",
        "pbkdf2-sha256 1000",
        "pbkdf2_sha256$1000$saltsaltsaltsaltsalt12$/5khlUZtHc7+FlwT/3JFXmPSgN8muGdOiOA2/Hv/n9k=",
    ),
    (
        "scrypt of Firebase",
        "Firebase's scrypt 2^14/8/1",
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
    ),
];

fn scrypt(cost: Cost) -> StoredHash {
    StoredHash::new(Recipe::new(cost, [0; 16]), &Derived::new(vec![0; 32]))
}

#[test]
fn what_it_writes_it_reads_back() {
    let stored = StoredHash::new(Recipe::new(Cost::STANDARD, [9; 16]), &Derived::new(vec![3; 32]));
    let text = stored.reveal().unwrap();
    assert!(text.starts_with("$scrypt$ln=17,r=8,p=1$"), "{text}");
    assert_eq!(StoredHash::parse(&text).unwrap(), stored);
    assert_eq!(stored.kind(), "scrypt");
}

#[test]
fn what_others_wrote_is_known_due_and_written_back_letter_for_letter() {
    for (kind, algorithm, text) in FOREIGN {
        let stored = StoredHash::parse(text).unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(
            (stored.kind(), stored.recipe().algorithm.to_string().as_str()),
            (kind, algorithm),
            "{text}"
        );
        assert_eq!(stored.reveal().unwrap(), text);
        let cheapest = Cost::new(1, 1, 1).unwrap();
        assert!(stored.is_due(cheapest), "what is foreign is always due: {text}");
    }
}

#[test]
fn node_s_salt_is_the_text_that_it_is() {
    let stored = StoredHash::parse(NODE).unwrap();
    assert_eq!(stored.recipe().algorithm, Algorithm::Scrypt(Cost::NODE));
    assert_eq!(stored.recipe().salt, b"a1b2c3d4e5f60718");
}

#[test]
fn a_hash_is_due_when_the_cost_rose_and_not_when_it_fell() {
    let stored = scrypt(Cost::LOW_MEMORY);
    assert!(stored.is_due(Cost::STANDARD));
    assert!(!stored.is_due(Cost::LOW_MEMORY));
    assert!(!stored.is_due(Cost::NODE));
}

#[test]
fn a_cost_that_would_exhaust_us_is_refused_as_such() {
    let salt_and_hash = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let letters = "abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.";
    let keys = "ss=Bw==,sk=AAAAAAAAAAAAAAAAAAAAAA==$AAAA$AAAAAAAAAAAAAAAAAAAAAA==";
    let dear = [
        format!("$scrypt$ln=30,r=8,p=1${salt_and_hash}"),
        format!("$scrypt$ln=17,r=4294967295,p=1${salt_and_hash}"),
        format!("$scrypt$ln=14,r=8,p=4096${salt_and_hash}"),
        format!("$argon2id$v=19$m=2097152,t=1,p=4${salt_and_hash}"),
        format!("$argon2id$v=19$m=65536,t=4294967295,p=4${salt_and_hash}"),
        format!("$2b$31${letters}"),
        format!("bcrypt_sha256$$2b$20${letters}"),
        format!("$pbkdf2-sha256$i=4294967295${salt_and_hash}"),
        format!("$pbkdf2-sha512$4294967295${salt_and_hash}"),
        "pbkdf2_sha256$4294967295$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned(),
        format!("$fbscrypt$v=1,n=30,r=8,p=1,{keys}"),
        format!("$fbscrypt$v=1,n=14,r=4294967295,p=1,{keys}"),
    ];
    for text in dear {
        let Err(Unusable::TooCostly(bound)) = StoredHash::parse(&text) else { panic!("{text} was taken") };
        assert!(!bound.to_string().contains("AAAA") && !bound.to_string().contains("abcd"), "{bound}");
    }
    for text in [
        format!("$scrypt$ln=0,r=8,p=1${salt_and_hash}"),
        format!("$scrypt$r=8,p=1${salt_and_hash}"),
        format!("$argon2id$v=19$m=65536,t=3,p=16777215${salt_and_hash}"),
    ] {
        assert_eq!(StoredHash::parse(&text), Err(Unusable::Unknown), "{text}");
    }
    assert!(StoredHash::parse(&format!("$fbscrypt$v=1,n=14,r=8,p=1,{keys}")).is_ok());
    assert!(StoredHash::parse(&format!("$argon2id$v=19$m=65536,t=3,p=4${salt_and_hash}")).is_ok());
}

#[test]
fn what_is_almost_a_hash_is_none() {
    let letters = "abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.";
    let (salt, hash) = ("AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let wrong = [
        format!("$2x$05${letters}"),
        format!("$2$05${letters}"),
        format!("$2b$5${letters}"),
        format!("$2b$+5${letters}"),
        format!("$2b$05${letters}A"),
        format!("$2b$05${}", &letters[1..]),
        format!("$2b$05${}", letters.replace('D', "+")),
        format!("$2b$05${}", letters.replace('D', "=")),
        format!("bcrypt${letters}"),
        format!("$argon2d$v=19$m=65536,t=3,p=4${salt}${hash}"),
        format!("$argon2id$v=18$m=65536,t=3,p=4${salt}${hash}"),
        format!("$argon2id$v=19$t=3,m=65536,p=4${salt}${hash}"),
        format!("$argon2id$v=19$m=65536,t=3,p=4,keyid=AAAA${salt}${hash}"),
        format!("$argon2id$v=19$m=65536,t=3,p=04${salt}${hash}"),
        format!("$argon2id$v=19$m=65536,t=3,p=4${salt}$"),
        format!("$argon2id$v=19$m=65536,t=3,p=4${salt}$AAAA"),
        format!("$argon2id$v=19$m=65536,t=3,p=4$AAAA${hash}"),
        format!("$pbkdf2-sha1$i=1000${salt}${hash}"),
        format!("$pbkdf2-sha256$i=1000,l=64${salt}${hash}"),
        format!("$pbkdf2-sha256$i=0${salt}${hash}"),
        format!("$pbkdf2-sha256$i=1000$${hash}"),
        format!("$pbkdf2-sha256$i=1000${salt}${hash}$"),
        format!("pbkdf2_sha1$1000$salt${hash}="),
        format!("pbkdf2_sha256$1000$${hash}="),
        format!("$fbscrypt$v=2,n=14,r=8,p=1,ss=Bw==,sk={salt}==${salt}==${salt}=="),
        format!("$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk={salt}==${salt}==${hash}="),
        format!("$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=$${salt}==$"),
        "plain text".to_owned(),
        format!("{}.", "ab".repeat(64)),
        format!("{}.salt", "ab".repeat(63)),
        format!("{}.{}", "ab".repeat(64), "s".repeat(257)),
        String::new(),
    ];
    for text in wrong {
        assert_eq!(StoredHash::parse(&text), Err(Unusable::Unknown), "{text}");
    }
}

#[test]
fn what_a_firebase_project_exports_becomes_a_hash() {
    let key = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";
    let hash = "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";
    let project = Project::new(key, "Bw==", 8, 14).unwrap();
    let (_, _, expected) = FOREIGN.last().unwrap();
    assert_eq!(project.hash("42xEC+ixf3L2lw==", hash), *expected);
    assert_eq!(project.hash("42xEC-ixf3L2lw==", &hash.replace('/', "_").replace('+', "-")), *expected);
    assert_eq!(format!("{project:?}"), "Project(***)");
    for (key, separator, rounds, mem_cost) in
        [("?", "Bw==", 8, 14), (key, "?", 8, 14), (key, "Bw==", 8, 30), (key, "Bw==", 0, 14), ("", "", 8, 14)]
    {
        assert!(Project::new(key, separator, rounds, mem_cost).is_err());
    }
}

#[test]
fn it_cannot_be_printed() {
    assert_eq!(format!("{:?}", StoredHash::parse(NODE).unwrap()), "StoredHash(scrypt 2^14/8/1, ***)");
    let (_, _, firebase) = FOREIGN.last().unwrap();
    let shown = format!("{:?}", StoredHash::parse(firebase).unwrap());
    assert_eq!(shown, "StoredHash(Firebase's scrypt 2^14/8/1, ***)");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*", at in 0_usize..200) {
        let _ = StoredHash::parse(&text);
        for beginning in ["$scrypt$", "$argon2id$", "$2b$10$", "$pbkdf2-sha256$", "$fbscrypt$", "argon2$", "bcrypt$", "pbkdf2_sha256$"] {
            let _ = StoredHash::parse(&format!("{beginning}{text}"));
        }
        for (_, _, known) in FOREIGN {
            let at = known.floor_char_boundary(at.min(known.len()));
            let (before, after) = known.split_at(at);
            let _ = StoredHash::parse(&format!("{before}{text}{after}"));
            let _ = StoredHash::parse(before);
        }
    }
}

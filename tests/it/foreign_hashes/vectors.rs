//! Hashes that other systems made, and the passwords that they made them of.

/// What made it, in which version; the password; the hash.
pub(super) struct Vector {
    pub(super) made_by: &'static str,
    pub(super) password: &'static str,
    pub(super) hash: &'static str,
}

const fn by(made_by: &'static str, password: &'static str, hash: &'static str) -> Vector {
    Vector { made_by, password, hash }
}

const HORSE: &str = "correct horse battery";
const LOCK: &str = "Gr\u{fc}\u{df}e \u{1f512} pass";
const LONG: &str = "thirteen moths around my lantern at dusk thirteen moths around my lantern at dusk thirteen moths around my lantern at dusk ";
/// Longer than the 72 bytes that bcrypt reads.
const OVER: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxMORE";

/// The Python packages ran on Python 3.11.7; `crypt(3)` is that of libxcrypt 4.4.33, Debian 12.
pub(super) const VECTORS: &[Vector] = &[
    by(
        "argon2-cffi 25.1.0, PasswordHasher()",
        HORSE,
        "$argon2id$v=19$m=65536,t=3,p=4$HERkTXfhlkJq0GSOIP9U7w$NCEKlX2O2tjkdfIi1nGZlo3Wk5TDk8t82AM2haJc2k8",
    ),
    by(
        "argon2-cffi 25.1.0, PasswordHasher(2, 19456, 1), as OWASP recommends",
        LOCK,
        "$argon2id$v=19$m=19456,t=2,p=1$ooapVNg31o7TyZpDYL4Gyg$d2kX+/hi/BBMVA++6WPkKY3VYuDoK2c+OZ4SOYf0XOs",
    ),
    by(
        "argon2-cffi 25.1.0, PasswordHasher(3, 4096, 1, type=Type.I)",
        HORSE,
        "$argon2i$v=19$m=4096,t=3,p=1$QMUR8FRp4ENhJ693uFHKOg$FwmBMMHlCO7UGIlKLZSqHhGlj/pEkz42JYl1MiEo2N8",
    ),
    by(
        "argon2-cffi 25.1.0, hash_secret(…, 2, 1024, 2, 24, Type.I, version=16)",
        HORSE,
        "$argon2i$v=16$m=1024,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$8EsUB7kLs9QRWyQTwrP1nej2Mnl41eb6",
    ),
    by("bcrypt 5.0.0 for Python", HORSE, "$2a$06$uBVCzFvrI6u7fR6sGwN4xeBnw6o1DKsgB70cTRLtfIXXGIbJjknpm"),
    by("bcrypt 5.0.0 for Python", HORSE, "$2b$06$xWggYb.8fol4IgEkkMO9wetAzkXlIjsx.RHn/d7gwUUWWLs/5I5Me"),
    by("bcrypt 5.0.0 for Python", LOCK, "$2b$10$k5k9a/eJhDjdu04Oab3F.uyfRJp9Msp7F6uVHUtLgm25AgoVyUf1K"),
    by(
        "bcrypt 5.0.0 for Python",
        "kettle\0lantern",
        "$2b$05$DJwCPQsY4cL1XJj3dAesEufkt9BiNbQLjZP86vIvjfeWPnj2YoQFm",
    ),
    by("crypt(3)", HORSE, "$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo."),
    by("crypt(3)", LOCK, "$2y$05$abcdefghijklmnopqrstuuNpwbyeguCbo08hZO0o.DdQMdkErd92."),
    by("crypt(3)", OVER, "$2y$05$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q"),
    by("crypt(3)", OVER, "$2a$05$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q"),
    by(
        "passlib 1.7.4, pbkdf2_sha256",
        HORSE,
        "$pbkdf2-sha256$29000$UWqtlVIqpbT2/r/XGiMEYA$tJdWx8gau8gPxjwED8TYFvAiKxFycJBIbPoM9eOHhyY",
    ),
    by(
        "passlib 1.7.4, pbkdf2_sha512",
        LOCK,
        "$pbkdf2-sha512$25000$rNW6F.J8DwGg1FpLyTmHEA$JB5WBEvpIZXQGsb8xqA6DzPObVhKhivGFOjF4nlE4YUGWNM0jwh/alF6gjIOaHMew4TSvZc4Ie89yJ2xPHVrig",
    ),
    by(
        "Node 20.20.2, pbkdf2Sync, its salt and hash put into a PHC string",
        HORSE,
        "$pbkdf2-sha512$i=10000,l=64$MDEyMzQ1Njc4OWFiY2RlZg$k640sf0rpeG0xHKHhFQzuuzThAD4DrCknQve8BkS5ry1h1Dde6uRQneAfy7jey+MPLswpWu2LxWY7e8v0qr5bw",
    ),
    by(
        "Node 20.20.2, pbkdf2Sync, its salt and hash put into a PHC string",
        HORSE,
        "$pbkdf2-sha256$i=27500,l=64$MDEyMzQ1Njc4OWFiY2RlZg$b6d8nI3jKQfQGxSmGfyG42OTSAtX2ZrYDIO7bZ7DTd1/m0agNh4p1Yeee/P/G5jREBzGqIWAgWhqA4IpVJ9OCg",
    ),
    by(
        "passlib 1.7.4, scrypt",
        HORSE,
        "$scrypt$ln=14,r=8,p=1$nXMuxfj/P2csRcg5x5iT0g$AkRklofgUPPwdWy+p4xCLxCoQ/fys+YXO4IqlGNz4ZU",
    ),
    by(
        "Django 5.2.19, make_password()",
        LOCK,
        "pbkdf2_sha256$1000000$jLqGNAh3hn77Eo9UZW8SKi$ZUjaX+KVPGbJWFHNF4WOnK3Kl+1ZOcdbHDob2rXV924=",
    ),
    by(
        "Django 5.2.19, Argon2PasswordHasher",
        HORSE,
        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdHNhbHQxMg$TetCkqfvkasp/I1xjsW9R8tSjB6UOd5fhBe8FBcABr8",
    ),
    by(
        "Django 5.2.19, BCryptPasswordHasher with 6 rounds",
        HORSE,
        "bcrypt$$2b$06$E2WGm6Sa.1m6r99ghbyp2.dDNvDRStyiTGwpD4YTcSEGg48Qc5LV2",
    ),
    by(
        "Django 5.2.19, BCryptSHA256PasswordHasher with 6 rounds",
        LOCK,
        "bcrypt_sha256$$2b$06$eEx4HKbWILBGNdFawctl7e/pvjhZHZvhT40ZouITCf1IL85UFNsua",
    ),
    by(
        "Django 5.2.19, BCryptSHA256PasswordHasher with 6 rounds",
        LONG,
        "bcrypt_sha256$$2b$06$BaSvj4a4MbhMY./O2w1TTeenEzXPwLR9U0JkZGzf7igx3LpfEPpTm",
    ),
    by(
        "the sample in the README of github.com/firebase/scrypt",
        "user1password",
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
    ),
    by(
        "a test of Supabase's auth server, which keeps Firebase's hashes in this form",
        "mytestpassword",
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==",
    ),
];

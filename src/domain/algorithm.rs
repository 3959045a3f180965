//! How a password becomes a hash, here and in other systems, and what that costs.
//!
//! Costs are compared in one unit, the bytes that scrypt would read in the same time ([`Cost::work`]), and none is taken
//! that would keep a sign-in waiting beyond the deadline of the hashing pool, or take more than [`MOST_MEMORY`].

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::cost::{Cost, OutOfBounds, TooCostly};

/// What one hash of another system may take in memory: as much as one of scrypt.
pub const MOST_MEMORY: usize = 1 << 30;

const MOST_WORK: u64 = Cost::MOST_WORK;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Scrypt(Cost),
    /// Firebase's: what scrypt derives is the key that the project's own key is encrypted with.
    Firebase(Cost, SignerKey),
    Argon2(Argon2),
    Bcrypt(Bcrypt),
    Pbkdf2(Pbkdf2),
}

/// What one computation costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Bytes of scratch memory.
    pub memory: u64,
    /// How long it takes, in the unit of [`Cost::work`].
    pub work: u64,
}

/// The key of a Firebase project, the same in all its hashes. Without it none of them can be guessed against.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SignerKey(Vec<u8>);

/// Argon2 of RFC 9106, or the version before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2 {
    pub variant: Variant,
    pub version: Version,
    kib: u32,
    passes: u32,
    lanes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    I,
    Id,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 1.0, which is what was meant before there was anything to tell it from.
    V16,
    /// 1.3
    V19,
}

/// bcrypt with two to the power of `log_rounds` rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bcrypt {
    log_rounds: u8,
    /// Django's way around the 72 bytes that bcrypt reads: the password is what SHA-256 makes of it, in hexadecimal.
    pub digested: bool,
}

/// PBKDF2 of RFC 8018, with HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pbkdf2 {
    pub digest: Digest,
    iterations: u32,
    /// How often all iterations are gone through: once for each piece of the hash.
    pieces: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    Sha256,
    Sha512,
}

impl Algorithm {
    /// Bytes of scratch memory one computation needs.
    pub const fn memory(&self) -> usize {
        match self {
            Self::Scrypt(cost) | Self::Firebase(cost, _) => cost.memory(),
            Self::Argon2(argon2) => argon2.memory(),
            Self::Bcrypt(_) | Self::Pbkdf2(_) => 0,
        }
    }

    /// How long it takes, in the unit of [`Cost::work`].
    pub const fn work(&self) -> u64 {
        match self {
            Self::Scrypt(cost) | Self::Firebase(cost, _) => cost.work(),
            Self::Argon2(argon2) => argon2.work(),
            Self::Bcrypt(bcrypt) => bcrypt.work(),
            Self::Pbkdf2(pbkdf2) => pbkdf2.work(),
        }
    }

    pub const fn price(&self) -> Price {
        Price { memory: self.memory() as u64, work: self.work() }
    }

    /// What is missing to the work of a cost, as one more computation; `None` where nothing is.
    pub fn rest_of(&self, whole: Cost) -> Option<Cost> {
        match self {
            Self::Scrypt(cost) | Self::Firebase(cost, _) => cost.rest_of(whole),
            other => whole.less(other.work()),
        }
    }
}

impl SignerKey {
    pub fn new(bytes: Vec<u8>) -> Result<Self, OutOfBounds> {
        if (16..=256).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(OutOfBounds::Senseless) }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Argon2 {
    /// A KiB that is gone over once, as measured against scrypt on the same core.
    const KIB: u64 = 400;

    pub fn new(
        variant: Variant,
        version: Version,
        (kib, passes, lanes): (u32, u32, u32),
    ) -> Result<Self, OutOfBounds> {
        let argon2 = Self { variant, version, kib, passes, lanes };
        if lanes == 0 || kib < lanes.saturating_mul(8) || passes == 0 {
            return Err(OutOfBounds::Senseless);
        }
        if lanes <= 64 && argon2.memory() <= MOST_MEMORY && argon2.work() <= MOST_WORK {
            return Ok(argon2);
        }
        let most = format!("m={}, m·t={} and p=64", MOST_MEMORY >> 10, MOST_WORK / Self::KIB);
        Err(TooCostly { asked: Algorithm::Argon2(argon2).to_string(), most }.into())
    }

    pub const fn kib(self) -> u32 {
        self.kib
    }

    pub const fn passes(self) -> u32 {
        self.passes
    }

    pub const fn lanes(self) -> u32 {
        self.lanes
    }

    pub const fn memory(self) -> usize {
        self.kib as usize * 1024
    }

    /// The lanes are computed one after the other, so their number changes nothing.
    const fn work(self) -> u64 {
        (self.kib as u64 * Self::KIB).saturating_mul(self.passes as u64)
    }
}

impl Bcrypt {
    /// One round, as measured against scrypt on the same core.
    const ROUND: u64 = 30 << 10;

    /// 4 is the least there is; 14 takes about a second.
    pub fn new(log_rounds: u8, digested: bool) -> Result<Self, OutOfBounds> {
        match log_rounds {
            4..=14 => Ok(Self { log_rounds, digested }),
            15..=31 => {
                let asked = format!("bcrypt cost {log_rounds}");
                Err(TooCostly { asked, most: "14".to_owned() }.into())
            }
            _ => Err(OutOfBounds::Senseless),
        }
    }

    pub const fn rounds(self) -> u32 {
        1 << self.log_rounds
    }

    const fn work(self) -> u64 {
        self.rounds() as u64 * Self::ROUND
    }
}

impl Pbkdf2 {
    /// One iteration of either digest, as measured against scrypt on the same core.
    const SHA_256: u64 = 128;
    const SHA_512: u64 = 288;

    /// For a hash of so many bytes.
    pub fn new(digest: Digest, iterations: u32, length: usize) -> Result<Self, OutOfBounds> {
        let pieces = u32::try_from(length.div_ceil(digest.length())).map_err(|_| OutOfBounds::Senseless)?;
        if iterations == 0 {
            return Err(OutOfBounds::Senseless);
        }
        let pbkdf2 = Self { digest, iterations, pieces };
        if pbkdf2.work() <= MOST_WORK {
            return Ok(pbkdf2);
        }
        let most = MOST_WORK / Self { iterations: 1, ..pbkdf2 }.work();
        let asked = format!("{} with {iterations} iterations", digest.name());
        Err(TooCostly { asked, most: most.to_string() }.into())
    }

    pub const fn iterations(self) -> u32 {
        self.iterations
    }

    const fn work(self) -> u64 {
        let one = match self.digest {
            Digest::Sha256 => Self::SHA_256,
            Digest::Sha512 => Self::SHA_512,
        };
        (self.iterations as u64 * one).saturating_mul(self.pieces as u64)
    }
}

impl Digest {
    const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// For the log, and for whoever counts: without anything that is secret.
impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scrypt(cost) => write!(f, "scrypt {cost}"),
            Self::Firebase(cost, _) => write!(f, "Firebase's scrypt {cost}"),
            Self::Argon2(Argon2 { variant, kib, passes, lanes, .. }) => {
                write!(f, "{} m={kib},t={passes},p={lanes}", variant.name())
            }
            Self::Bcrypt(Bcrypt { log_rounds, .. }) => write!(f, "bcrypt {log_rounds}"),
            Self::Pbkdf2(Pbkdf2 { digest, iterations, .. }) => write!(f, "{} {iterations}", digest.name()),
        }
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignerKey(***)")
    }
}

impl Variant {
    pub const fn name(self) -> &'static str {
        match self {
            Self::I => "argon2i",
            Self::Id => "argon2id",
        }
    }
}

impl Digest {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "pbkdf2-sha256",
            Self::Sha512 => "pbkdf2-sha512",
        }
    }
}

#[cfg(test)]
mod tests;

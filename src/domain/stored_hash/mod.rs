//! A password as it is remembered: in our own format, or in one another system left behind.

mod argon2;
mod bcrypt;
mod django;
mod fields;
mod firebase;
mod node;
mod ours;
mod pbkdf2;

#[cfg(test)]
mod tests;

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{
    algorithm::{Algorithm, Pbkdf2},
    clock::{Entropy, NoEntropy, random},
    cost::{Cost, OutOfBounds},
};

pub use super::cost::TooCostly;
pub use firebase::Project;

/// How to compute a hash from a candidate: the input of the hashing pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    pub algorithm: Algorithm,
    pub salt: Vec<u8>,
    /// Bytes of hash to derive.
    pub length: usize,
}

/// What the hashing pool made of a candidate and a recipe.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Derived(Vec<u8>);

/// What a candidate is checked against.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHash {
    recipe: Recipe,
    hash: Vec<u8>,
    written: Written,
}

#[derive(Clone, PartialEq, Eq)]
enum Written {
    /// `$scrypt$ln=17,r=8,p=1$salt$hash`
    ByUs,
    /// By another system, letter for letter.
    Elsewhere(Box<str>),
}

/// Why a text is no hash to check anybody against.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("not a password hash of a known format")]
    Unknown,
    /// It is one, and could be used to exhaust us.
    #[error(transparent)]
    TooCostly(TooCostly),
}

/// What a format finds in its text.
type Parsed = Result<(Recipe, Vec<u8>), Unusable>;

type Parse = fn(&str) -> Parsed;

/// How the formats of others begin.
const ELSEWHERE: [(&str, Parse); 7] = [
    ("$argon2", argon2::parse),
    ("$2", bcrypt::parse),
    ("$pbkdf2-", pbkdf2::parse),
    ("$fbscrypt$", firebase::parse),
    ("argon2$", django::parse),
    ("bcrypt", django::parse),
    ("pbkdf2_", django::parse),
];

/// Far above what any format needs, with Firebase's two keys in it.
const LONGEST: usize = 1024;

impl Recipe {
    /// 128 bits, which is what ASVS asks for and twice what anybody needs.
    pub const SALT: usize = 16;
    const LENGTH: usize = 32;

    pub fn new(cost: Cost, salt: [u8; Self::SALT]) -> Self {
        Self { algorithm: Algorithm::Scrypt(cost), salt: salt.to_vec(), length: Self::LENGTH }
    }
}

impl Derived {
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// For what tells one candidate from another; as secret as a hash.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Derived(***)")
    }
}

impl StoredHash {
    /// Our own format, from what a recipe led to.
    pub fn new(recipe: Recipe, derived: &Derived) -> Self {
        Self { recipe, hash: derived.0.clone(), written: Written::ByUs }
    }

    /// Of a password that nobody knows: whoever has it cannot sign in, and has to choose one by mail.
    pub fn of_nobody(cost: Cost, entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let recipe = Recipe::new(cost, random(entropy)?);
        Ok(Self::new(recipe, &Derived::new(random::<{ Recipe::LENGTH }>(entropy)?.to_vec())))
    }

    /// The format is recognised from how it begins; what begins like none is Node's.
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        if text.len() > LONGEST {
            return Err(Unusable::Unknown);
        }
        if text.starts_with("$scrypt$") {
            let (recipe, hash) = ours::parse(text)?;
            return Ok(Self { recipe, hash, written: Written::ByUs });
        }
        let known = ELSEWHERE.iter().find(|(beginning, _)| text.starts_with(beginning));
        let (recipe, hash) = known.map_or(node::parse as Parse, |(_, parse)| *parse)(text)?;
        Ok(Self { recipe, hash, written: Written::Elsewhere(text.into()) })
    }

    pub const fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Whether this is the hash of the password that `derived` was computed from; takes the same time either way.
    pub fn matches(&self, derived: &Derived) -> bool {
        self.hash.ct_eq(&derived.0).into()
    }

    /// Whether it should be made anew at the next chance: of another system, or cheaper than today's cost.
    pub fn is_due(&self, today: Cost) -> bool {
        matches!(self.written, Written::Elsewhere(_)) || self.recipe.algorithm.work() < today.work()
    }

    /// As it is written to a store.
    pub fn reveal(&self) -> Result<String, Unusable> {
        match &self.written {
            Written::ByUs => ours::write(&self.recipe, &self.hash),
            Written::Elsewhere(text) => Ok(text.as_ref().to_owned()),
        }
    }

    /// Which algorithm it is of, for whoever counts.
    pub const fn kind(&self) -> &'static str {
        match (&self.recipe.algorithm, &self.written) {
            (Algorithm::Scrypt(_), Written::ByUs) => "scrypt",
            (Algorithm::Scrypt(_), Written::Elsewhere(_)) => "scrypt of Node",
            (Algorithm::Firebase(..), _) => "scrypt of Firebase",
            (Algorithm::Argon2(argon2), _) => argon2.variant.name(),
            (Algorithm::Bcrypt(bcrypt), _) if bcrypt.digested => "bcrypt of SHA-256",
            (Algorithm::Bcrypt(_), _) => "bcrypt",
            (Algorithm::Pbkdf2(Pbkdf2 { digest, .. }), _) => digest.name(),
        }
    }
}

/// A hash is a secret too: it can be guessed against.
impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredHash({}, ***)", self.recipe.algorithm)
    }
}

impl From<OutOfBounds> for Unusable {
    fn from(refused: OutOfBounds) -> Self {
        match refused {
            OutOfBounds::Senseless => Self::Unknown,
            OutOfBounds::TooCostly(bound) => Self::TooCostly(bound),
        }
    }
}

//! A password as it is remembered: in our own format, or in one another system left behind.

use std::fmt;

use scrypt::password_hash::phc;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{
    clock::{Entropy, NoEntropy, random},
    cost::Cost,
    hex::{hex, unhex},
};

/// How to compute a hash from a candidate: the input of the hashing pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    pub cost: Cost,
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
    format: Format,
    recipe: Recipe,
    hash: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// `$scrypt$ln=17,r=8,p=1$salt$hash`, what we write.
    Phc,
    /// `hex(64).salt` of Node's `scrypt(password, salt, 64)`, where the salt is used as the text it is.
    Node,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a password hash of a known format")]
pub struct UnknownHash;

impl Recipe {
    /// 128 bits, which is what ASVS asks for and twice what anybody needs.
    pub const SALT: usize = 16;
    const LENGTH: usize = 32;

    pub fn new(cost: Cost, salt: [u8; Self::SALT]) -> Self {
        Self { cost, salt: salt.to_vec(), length: Self::LENGTH }
    }
}

impl Derived {
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
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
        Self { format: Format::Phc, recipe, hash: derived.0.clone() }
    }

    /// Of a password that nobody knows: whoever has it cannot sign in, and has to choose one by mail.
    pub fn of_nobody(cost: Cost, entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let recipe = Recipe::new(cost, random(entropy)?);
        Ok(Self::new(recipe, &Derived::new(random::<{ Recipe::LENGTH }>(entropy)?.to_vec())))
    }

    pub fn parse(text: &str) -> Result<Self, UnknownHash> {
        if text.starts_with('$') { parse_phc(text) } else { parse_node(text) }
    }

    pub const fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Whether this is the hash of the password that `derived` was computed from; takes the same time either way.
    pub fn matches(&self, derived: &Derived) -> bool {
        self.hash.ct_eq(&derived.0).into()
    }

    /// Whether it should be made anew at the next chance: of another format, or cheaper than today's cost.
    pub fn is_due(&self, today: Cost) -> bool {
        self.format != Format::Phc || self.recipe.cost.work() < today.work()
    }

    /// As it is written to a store.
    pub fn reveal(&self) -> Result<String, UnknownHash> {
        match self.format {
            Format::Phc => write_phc(&self.recipe, &self.hash).map_err(|_| UnknownHash),
            Format::Node => Ok(format!("{}.{}", hex(&self.hash), String::from_utf8_lossy(&self.recipe.salt))),
        }
    }
}

/// A hash is a secret too: it can be guessed against.
impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredHash({:?} {}, ***)", self.format, self.recipe.cost)
    }
}

fn parse_phc(text: &str) -> Result<StoredHash, UnknownHash> {
    let parsed = phc::PasswordHash::new(text).map_err(|_| UnknownHash)?;
    let number = |name| parsed.params.get_decimal(name).ok_or(UnknownHash);
    let log_n = number("ln")?.try_into().map_err(|_| UnknownHash)?;
    let cost = Cost::new(log_n, number("r")?, number("p")?).map_err(|_| UnknownHash)?;
    let (Some(salt), Some(hash), "scrypt") = (parsed.salt, parsed.hash, parsed.algorithm.as_str()) else {
        return Err(UnknownHash);
    };
    let hash = hash.as_bytes().to_vec();
    let recipe = Recipe { cost, salt: salt.to_vec(), length: hash.len() };
    Ok(StoredHash { format: Format::Phc, recipe, hash })
}

fn write_phc(recipe: &Recipe, hash: &[u8]) -> Result<String, phc::Error> {
    let mut params = phc::ParamsString::new();
    params.add_decimal("ln", recipe.cost.log_n().into())?;
    params.add_decimal("r", recipe.cost.r())?;
    params.add_decimal("p", recipe.cost.p())?;
    let (salt, hash) = (phc::Salt::new(&recipe.salt)?, phc::Output::new(hash)?);
    let algorithm = phc::Ident::new("scrypt")?;
    Ok(phc::PasswordHash { algorithm, version: None, params, salt: Some(salt), hash: Some(hash) }.to_string())
}

fn parse_node(text: &str) -> Result<StoredHash, UnknownHash> {
    let (hash, salt) = text.split_once('.').ok_or(UnknownHash)?;
    let hash = unhex(hash).filter(|hash| hash.len() == 64).ok_or(UnknownHash)?;
    if salt.is_empty() || salt.len() > 256 {
        return Err(UnknownHash);
    }
    let recipe = Recipe { cost: Cost::NODE, salt: salt.as_bytes().to_vec(), length: hash.len() };
    Ok(StoredHash { format: Format::Node, recipe, hash })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Made by Node: `scryptSync("correct horse", "a1b2c3d4e5f60718", 64).toString("hex") + ".a1b2c3d4e5f60718"`.
    pub(crate) const NODE: &str = "78623aec0a5dcd3ff254c3c7f6f02c566d84ecec1f606787165d301b321cb4db0b9978348823e4913152b6ce39cdf08a6f0231197ca109d3e84c8c386591459f.a1b2c3d4e5f60718";

    #[test]
    fn what_it_writes_it_reads_back() {
        let recipe = Recipe::new(Cost::STANDARD, [9; 16]);
        let stored = StoredHash::new(recipe, &Derived::new(vec![3; 32]));
        let text = stored.reveal().unwrap();
        assert!(text.starts_with("$scrypt$ln=17,r=8,p=1$"), "{text}");
        assert_eq!(StoredHash::parse(&text).unwrap(), stored);
    }

    #[test]
    fn node_s_format_is_known_and_due() {
        let stored = StoredHash::parse(NODE).unwrap();
        assert_eq!(stored.recipe().cost, Cost::NODE);
        assert_eq!(stored.recipe().salt, b"a1b2c3d4e5f60718");
        assert!(stored.is_due(Cost::NODE), "a foreign format is always due");
        assert_eq!(stored.reveal().unwrap(), NODE);
    }

    #[test]
    fn a_hash_is_due_when_the_cost_rose_and_not_when_it_fell() {
        let stored = StoredHash::new(Recipe::new(Cost::LOW_MEMORY, [0; 16]), &Derived::new(vec![0; 32]));
        assert!(stored.is_due(Cost::STANDARD));
        assert!(!stored.is_due(Cost::LOW_MEMORY));
        assert!(!stored.is_due(Cost::NODE));
    }

    #[test]
    fn a_cost_that_would_exhaust_us_is_no_known_hash() {
        let salt_and_hash = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for params in
            ["ln=30,r=8,p=1", "ln=17,r=4294967295,p=1", "ln=14,r=8,p=4096", "ln=0,r=8,p=1", "r=8,p=1"]
        {
            assert_eq!(
                StoredHash::parse(&format!("$scrypt${params}${salt_and_hash}")),
                Err(UnknownHash),
                "{params}"
            );
        }
    }

    #[test]
    fn it_cannot_be_printed() {
        assert_eq!(format!("{:?}", StoredHash::parse(NODE).unwrap()), "StoredHash(Node 2^14/8/1, ***)");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = StoredHash::parse(&text);
            let _ = StoredHash::parse(&format!("$scrypt${text}"));
        }
    }
}

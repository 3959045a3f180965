//! Who may read: recipients, which are public, and the identities they belong to, which are not.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    agreement::{PrivateKey, UnparsedPublicKey, X25519, agree},
    error::Unspecified,
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{AgeError, Cipher, FileKey, bech32, derive, header::Stanza};
use crate::domain::clock::{Entropy, NoEntropy, random};

/// `age1…`: whoever holds the identity to it can read what was sealed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient([u8; 32]);

/// `AGE-SECRET-KEY-1…`
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Identity([u8; 32]);

/// Those of an identity file, each on a line of its own.
#[derive(Clone, Debug)]
pub struct Identities(Vec<Identity>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    #[error(
        "not a recipient such as age1… of 62 characters, as `portcullis backup keygen` and age-keygen make it"
    )]
    Recipient,
    #[error("the secret half of a key, which belongs nowhere near here: name its recipient, age1…")]
    Secret,
    #[error("line {0} is no identity such as AGE-SECRET-KEY-1…")]
    Identity(usize),
    #[error("there is no identity in it")]
    Nothing,
}

const KIND: &str = "X25519";
const INFO: &[u8] = b"age-encryption.org/v1/X25519";
/// A wrapping key is used once, so its nonce need not differ.
const NONCE: [u8; 12] = [0; 12];

impl Recipient {
    const PREFIX: &str = "age";

    /// Wraps the key of a file, by a secret that both sides can compute and that is used for nothing else.
    pub(super) fn wrap(&self, key: &FileKey, entropy: &dyn Entropy) -> Result<Stanza, AgeError> {
        let ephemeral = Identity::generate(entropy)?;
        let share = ephemeral.recipient()?;
        let wrapping = ephemeral.agree(&self.0, &share, self)?;
        let mut body = key.to_vec();
        Cipher::new(&wrapping)?.seal(NONCE, &mut body)?;
        Ok(Stanza { arguments: vec![KIND.to_owned(), Stanza::encode(&share.0)], body })
    }
}

impl Identity {
    const PREFIX: &str = "age-secret-key-";

    pub fn generate(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        random(entropy).map(Self)
    }

    pub fn recipient(&self) -> Result<Recipient, AgeError> {
        let public = self.private()?.compute_public_key()?;
        public.as_ref().try_into().map(Recipient).map_err(|_| AgeError::NotSealed)
    }

    /// The one way to see it: for the file that it is kept in.
    pub fn reveal(&self) -> Zeroizing<String> {
        let text = Zeroizing::new(bech32::encode(Self::PREFIX, &self.0));
        Zeroizing::new(text.to_ascii_uppercase())
    }

    /// `None` where the stanza is of another kind, or for somebody else.
    fn open(&self, stanza: &Stanza) -> Result<Option<FileKey>, AgeError> {
        let share = match &*stanza.arguments {
            [kind, share] if kind == KIND => Stanza::decode(share).ok_or(AgeError::NotAge)?,
            [kind, ..] if kind == KIND => return Err(AgeError::NotAge),
            _ => return Ok(None),
        };
        let share: [u8; 32] = share.try_into().map_err(|_| AgeError::NotAge)?;
        let mut body = Zeroizing::new(stanza.body.clone());
        if body.len() != 32 {
            return Err(AgeError::NotAge);
        }
        // A share that leads to a secret anybody knows is refused by the agreement itself.
        let wrapping =
            self.agree(&share, &Recipient(share), &self.recipient()?).map_err(|_| AgeError::NotAge)?;
        if Cipher::new(&wrapping)?.open(NONCE, &mut body).is_err() {
            return Ok(None);
        }
        let key = body.as_slice().try_into().map_err(|_| AgeError::NotAge)?;
        Ok(Some(Zeroizing::new(key)))
    }

    fn agree(
        &self,
        with: &[u8; 32],
        share: &Recipient,
        recipient: &Recipient,
    ) -> Result<Zeroizing<[u8; 32]>, Unspecified> {
        let salt = [share.0, recipient.0].concat();
        let with = UnparsedPublicKey::new(&X25519, with);
        agree(&self.private()?, with, Unspecified, |shared| derive(shared, &salt, INFO))
    }

    fn private(&self) -> Result<PrivateKey, Unspecified> {
        PrivateKey::from_private_key(&X25519, &self.0).map_err(|_| Unspecified)
    }
}

impl Identities {
    /// As `age-keygen` writes them: comments begin with `#`.
    pub fn parse(file: &str) -> Result<Self, NotAKey> {
        let lines = file.lines().map(str::trim).zip(1..);
        let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        let identity = |(line, number)| {
            bech32::decode(Identity::PREFIX, line).map(Identity).ok_or(NotAKey::Identity(number))
        };
        let identities = lines.map(identity).collect::<Result<Vec<_>, _>>()?;
        if identities.is_empty() { Err(NotAKey::Nothing) } else { Ok(Self(identities)) }
    }

    pub(super) fn open(&self, stanzas: &[Stanza]) -> Result<FileKey, AgeError> {
        // Whoever knows the passphrase can have written it, so nobody else's key may stand beside one.
        let by_passphrase = |stanza: &Stanza| stanza.arguments.first().is_some_and(|kind| kind == "scrypt");
        if stanzas.len() > 1 && stanzas.iter().any(by_passphrase) {
            return Err(AgeError::NotAge);
        }
        for identity in &self.0 {
            for stanza in stanzas {
                if let Some(key) = identity.open(stanza)? {
                    return Ok(key);
                }
            }
        }
        Err(AgeError::NotForUs)
    }
}

impl FromStr for Recipient {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let secret = text.to_ascii_lowercase().contains(Identity::PREFIX);
        let wrong = if secret { NotAKey::Secret } else { NotAKey::Recipient };
        bech32::decode(Self::PREFIX, text).map(Self).ok_or(wrong)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32::encode(Self::PREFIX, &self.0))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(***)")
    }
}

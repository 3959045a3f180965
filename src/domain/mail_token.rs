//! The token that a mail carries: whose it is, and the secret of one challenge.
//!
//! Who it belongs to is no secret. It says where to look, so that no index over challenges is needed, and nobody can say otherwise.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    id::UserId,
    secret::{NotASecret, Secret},
};

pub struct MailToken {
    pub user: UserId,
    pub secret: Secret,
}

impl MailToken {
    /// Tells people and secret scanners whose it is, and from all that signs somebody in.
    const PREFIX: &str = "pcm_";
    const LENGTH: usize = 16 + 32;

    pub fn parse(presented: &str) -> Result<Self, NotASecret> {
        let encoded = presented.strip_prefix(Self::PREFIX).ok_or(NotASecret)?;
        let mut bytes = Zeroizing::new([0; Self::LENGTH]);
        let Ok(Self::LENGTH) = URL_SAFE_NO_PAD.decode_slice(encoded, &mut *bytes) else {
            return Err(NotASecret);
        };
        let (user, secret) = bytes.split_first_chunk().ok_or(NotASecret)?;
        Ok(Self {
            user: UserId::from_uuid(Uuid::from_bytes(*user)),
            secret: Secret::from_bytes(secret.try_into().map_err(|_| NotASecret)?),
        })
    }

    /// The one way to see it: for the mail that hands it out.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::LENGTH));
        bytes.extend_from_slice(self.user.as_uuid().as_bytes());
        bytes.extend_from_slice(self.secret.as_bytes());
        Zeroizing::new(format!("{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(&*bytes)))
    }
}

impl fmt::Debug for MailToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailToken(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_revealed_parses_back(user: u128, secret: [u8; 32]) {
            let token = MailToken { user: UserId::from_uuid(Uuid::from_u128(user)), secret: Secret::from_bytes(secret) };
            let parsed = MailToken::parse(&token.reveal()).unwrap();
            prop_assert_eq!((parsed.user, parsed.secret.digest()), (token.user, token.secret.digest()));
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(text: String) {
            prop_assert!(MailToken::parse(&text).is_err());
            let prefixed = format!("pcm_{text}");
            prop_assert!(MailToken::parse(&prefixed).is_err());
        }
    }
}

//! The refresh token: which session, which generation, and the secret of that generation.
//!
//! The first two are no secret. They let a token of any former generation be told from one that never was, so that its
//! reuse ends the session however long ago it died.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    id::SessionId,
    secret::{NotASecret, Secret},
};

pub struct RefreshToken {
    pub session: SessionId,
    pub generation: u64,
    pub secret: Secret,
}

impl RefreshToken {
    /// Tells people and secret scanners whose it is, and from a session cookie.
    const PREFIX: &str = "pcr_";
    const LENGTH: usize = 16 + 8 + 32;

    pub fn parse(presented: &str) -> Result<Self, NotASecret> {
        let encoded = presented.strip_prefix(Self::PREFIX).ok_or(NotASecret)?;
        let mut bytes = Zeroizing::new([0; Self::LENGTH]);
        let Ok(Self::LENGTH) = URL_SAFE_NO_PAD.decode_slice(encoded, &mut *bytes) else {
            return Err(NotASecret);
        };
        let (session, rest) = bytes.split_first_chunk().ok_or(NotASecret)?;
        let (generation, secret) = rest.split_first_chunk().ok_or(NotASecret)?;
        Ok(Self {
            session: SessionId::from_uuid(Uuid::from_bytes(*session)),
            generation: u64::from_be_bytes(*generation),
            secret: Secret::from_bytes(secret.try_into().map_err(|_| NotASecret)?),
        })
    }

    /// The one way to see it: for the answer that hands it out.
    pub fn reveal(&self) -> String {
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::LENGTH));
        bytes.extend_from_slice(self.session.as_uuid().as_bytes());
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(self.secret.as_bytes());
        format!("{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(&*bytes))
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_revealed_parses_back(session: [u8; 16], generation: u64, secret: [u8; 32]) {
            let token = RefreshToken {
                session: SessionId::from_uuid(Uuid::from_bytes(session)),
                generation,
                secret: Secret::from_bytes(secret),
            };
            let parsed = RefreshToken::parse(&token.reveal()).unwrap();
            prop_assert_eq!((parsed.session, parsed.generation), (token.session, generation));
            prop_assert_eq!(parsed.secret.digest(), token.secret.digest());
            prop_assert_eq!(format!("{:?}", parsed), "RefreshToken(***)");
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(text: String) {
            prop_assert!(RefreshToken::parse(&text).is_err());
            let prefixed = format!("pcr_{text}");
            prop_assert!(RefreshToken::parse(&prefixed).is_err());
        }
    }
}

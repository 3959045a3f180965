//! JSON Web Tokens by ES256 and nothing else, made and read with keys of ours and no others.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::{
    access_token::{AccessToken, Claims},
    id::{KeyId, SessionId, TokenId, UserId},
    session::Method,
    user::Role,
};

/// A new key, as it is kept.
pub struct NewKey {
    /// PKCS #8.
    pub private: Zeroizing<Vec<u8>>,
    /// The point on P-256, uncompressed.
    pub public: Vec<u8>,
}

/// What signs.
pub struct Signer {
    header: Header,
    key: EncodingKey,
}

/// What recognises the tokens of one key.
pub struct Reader {
    /// The one head that tokens of this key have: whatever else a head might say or point to is never even parsed.
    head: String,
    key: DecodingKey,
    how: Validation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    #[error("no key could be made")]
    NotMade,
    #[error("this is no key for ES256")]
    NotAKey,
    #[error("the token could not be signed")]
    NotSigned,
    #[error("this is no token of ours")]
    NotOurs,
}

/// The claims on the wire. Every one is required, has one type, and may be given once.
#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    email: String,
    email_verified: bool,
    roles: Vec<String>,
    amr: Vec<String>,
    acr: String,
    auth_time: i64,
    iat: i64,
    exp: i64,
    jti: Uuid,
    /// We never say from when on a token holds: it holds at once.
    #[serde(default, skip_serializing, deserialize_with = "given")]
    nbf: bool,
}

/// No token of ours is longer.
const LONGEST: usize = 8 * 1024;

impl NewKey {
    pub fn generate() -> Result<Self, JwtError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| JwtError::NotMade)?;
        let private = pair.to_pkcs8v1().map_err(|_| JwtError::NotMade)?;
        Ok(Self {
            private: Zeroizing::new(private.as_ref().to_vec()),
            public: pair.public_key().as_ref().to_vec(),
        })
    }
}

impl Signer {
    pub fn new(id: KeyId, private: &[u8]) -> Result<Self, JwtError> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private).map_err(|_| JwtError::NotAKey)?;
        Ok(Self { header: header(id), key: EncodingKey::from_ec_der(private) })
    }

    pub fn sign(&self, claims: &Claims) -> Result<AccessToken, JwtError> {
        let text = encode(&self.header, &Payload::of(claims), &self.key).map_err(|_| JwtError::NotSigned)?;
        Ok(AccessToken::new(text, claims))
    }
}

impl Reader {
    pub fn new(id: KeyId, public: &[u8]) -> Result<Self, JwtError> {
        let head = serde_json::to_vec(&header(id)).map_err(|_| JwtError::NotAKey)?;
        let mut how = Validation::new(Algorithm::ES256);
        // Who issued it for whom and until when is judged by the domain, by its own clock.
        how.required_spec_claims.clear();
        (how.validate_exp, how.validate_aud) = (false, false);
        Ok(Self { head: URL_SAFE_NO_PAD.encode(head), key: DecodingKey::from_ec_der(public), how })
    }

    /// Whether the token says that this key signed it.
    pub fn is_meant_by(&self, token: &str) -> bool {
        token.strip_prefix(&self.head).is_some_and(|rest| rest.starts_with('.'))
    }

    /// What this key has signed, whether or not it holds.
    pub fn read(&self, token: &str) -> Result<Claims, JwtError> {
        if token.len() > LONGEST || !self.is_meant_by(token) {
            return Err(JwtError::NotOurs);
        }
        let payload = decode::<Payload>(token, &self.key, &self.how).map_err(|_| JwtError::NotOurs)?.claims;
        payload.claims().ok_or(JwtError::NotOurs)
    }
}

fn header(id: KeyId) -> Header {
    Header { typ: Some("at+jwt".to_owned()), kid: Some(id.to_string()), ..Header::new(Algorithm::ES256) }
}

impl Payload {
    fn of(claims: &Claims) -> Self {
        Self {
            iss: claims.iss.clone(),
            aud: claims.aud.clone(),
            sub: claims.sub.as_uuid(),
            sid: claims.sid.as_uuid(),
            email: claims.email.clone(),
            email_verified: claims.email_verified,
            roles: claims.roles.iter().map(ToString::to_string).collect(),
            amr: claims.amr.iter().map(|method| method.as_str().to_owned()).collect(),
            acr: claims.acr.clone(),
            auth_time: claims.auth_time.as_second(),
            iat: claims.iat.as_second(),
            exp: claims.exp.as_second(),
            jti: claims.jti.as_uuid(),
            nbf: false,
        }
    }

    fn claims(self) -> Option<Claims> {
        let time = |seconds| Timestamp::from_second(seconds).ok();
        let roles = self.roles.iter().map(|role| Role::try_from(role.as_str()).ok());
        (!self.nbf).then_some(Claims {
            iss: self.iss,
            aud: self.aud,
            sub: UserId::from_uuid(self.sub),
            sid: SessionId::from_uuid(self.sid),
            email: self.email,
            email_verified: self.email_verified,
            roles: roles.collect::<Option<_>>()?,
            amr: Method::read_all(&self.amr),
            acr: self.acr,
            auth_time: time(self.auth_time)?,
            iat: time(self.iat)?,
            exp: time(self.exp)?,
            jti: TokenId::from_uuid(self.jti),
        })
    }
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_token_is_the_same_in_every_release() {
        let id = KeyId::from_uuid(Uuid::from_u128(7));
        let reader = Reader::new(id, &NewKey::generate().unwrap().public).unwrap();
        let head = URL_SAFE_NO_PAD.decode(&reader.head).unwrap();
        let pinned = r#"{"typ":"at+jwt","alg":"ES256","kid":"00000000-0000-0000-0000-000000000007"}"#;
        assert_eq!(String::from_utf8(head).unwrap(), pinned, "two releases read each other's tokens");
    }
}

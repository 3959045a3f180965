//! Verifies access tokens offline, with the published keys.

use std::time::{Duration, Instant};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;
use tokio::sync::Mutex;

pub(crate) struct Verifier {
    jwks_url: String,
    rules: Validation,
    keys: Mutex<Option<(JwkSet, Instant)>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Caller {
    pub(crate) sub: String,
    pub(crate) roles: Vec<String>,
}

type Refused = Box<dyn std::error::Error + Send + Sync>;

impl Verifier {
    /// As long as `Cache-Control` of the keys says.
    const FRESH: Duration = Duration::from_mins(5);
    /// For a key we have never heard of: whoever sends nonsense does not make us ask all the time.
    const PAUSE: Duration = Duration::from_secs(10);

    pub(crate) fn new(jwks_url: &str, issuer: &str, audience: &str) -> Self {
        let mut rules = Validation::new(Algorithm::ES256);
        rules.leeway = 10;
        rules.set_issuer(&[issuer]);
        rules.set_audience(&[audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self { jwks_url: jwks_url.to_owned(), rules, keys: Mutex::new(None) }
    }

    pub(crate) async fn verify(&self, token: &str) -> Result<Caller, Refused> {
        let head = decode_header(token)?;
        if head.typ.as_deref() != Some("at+jwt") {
            return Err("not an access token".into());
        }
        let key = self.key(&head.kid.ok_or("no kid")?).await?;
        Ok(decode(token, &key, &self.rules)?.claims)
    }

    async fn key(&self, kid: &str) -> Result<DecodingKey, Refused> {
        let mut keys = self.keys.lock().await;
        let age = keys.as_ref().map(|(_, asked)| asked.elapsed());
        let known = keys.as_ref().is_some_and(|(set, _)| set.find(kid).is_some());
        if age.is_none_or(|age| age >= if known { Self::FRESH } else { Self::PAUSE }) {
            let answer = reqwest::get(&self.jwks_url).await?.error_for_status()?;
            *keys = Some((answer.json().await?, Instant::now()));
        }
        let jwk = keys.as_ref().and_then(|(set, _)| set.find(kid)).ok_or("no such key")?;
        Ok(DecodingKey::from_jwk(jwk)?)
    }
}

//! Verifies access tokens offline, with the published keys.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use reqwest::{Client, header::CACHE_CONTROL};
use serde::Deserialize;
use tokio::sync::{Mutex, RwLock};

pub(crate) struct Verifier {
    client: Client,
    jwks_url: String,
    rules: Validation,
    keys: RwLock<Keys>,
    /// Held by whoever asks for the keys, so that a crowd asks once.
    asking: Mutex<()>,
}

#[derive(Default)]
struct Keys {
    known: HashMap<String, DecodingKey>,
    fresh_until: Option<Instant>,
    /// Whoever sends nonsense does not make us ask all the time, and nor does an outage.
    quiet_until: Option<Instant>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Caller {
    pub(crate) sub: String,
    pub(crate) roles: Vec<String>,
}

type Refused = Box<dyn std::error::Error + Send + Sync>;

impl Verifier {
    const PATIENCE: Duration = Duration::from_secs(3);
    const QUIET: Duration = Duration::from_secs(10);
    const USUALLY_FRESH: Duration = Duration::from_mins(5);

    pub(crate) fn new(jwks_url: &str, issuer: &str, audience: &str) -> Result<Self, Refused> {
        let mut rules = Validation::new(Algorithm::ES256);
        rules.leeway = 10;
        rules.set_issuer(&[issuer]);
        rules.set_audience(&[audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let client = Client::builder().timeout(Self::PATIENCE).build()?;
        let (keys, asking) = (RwLock::default(), Mutex::default());
        Ok(Self { client, jwks_url: jwks_url.to_owned(), rules, keys, asking })
    }

    pub(crate) async fn verify(&self, token: &str) -> Result<Caller, Refused> {
        let head = decode_header(token)?;
        if head.typ.as_deref() != Some("at+jwt") {
            return Err("not an access token".into());
        }
        let key = self.key(&head.kid.ok_or("no kid")?).await?;
        Ok(decode(token, &key, &self.rules)?.claims)
    }

    /// Whoever holds a token of a known key waits for nobody; whatever becomes of the asking, what is known stays.
    async fn key(&self, kid: &str) -> Result<DecodingKey, Refused> {
        let known = self.known(kid).await;
        let turn = match &known {
            Some(_) => self.asking.try_lock().ok(),
            None => Some(self.asking.lock().await),
        };
        if turn.is_some() && self.is_due(kid).await {
            self.keys.write().await.quiet_until = Some(Instant::now() + Self::QUIET);
            let fetched = self.fetch().await;
            if known.is_none() {
                fetched?;
            }
        }
        self.known(kid).await.ok_or_else(|| "no such key".into())
    }

    async fn known(&self, kid: &str) -> Option<DecodingKey> {
        self.keys.read().await.known.get(kid).cloned()
    }

    async fn is_due(&self, kid: &str) -> bool {
        let keys = self.keys.read().await;
        let over = |until: Option<Instant>| until.is_none_or(|until| until <= Instant::now());
        over(keys.quiet_until) && (over(keys.fresh_until) || !keys.known.contains_key(kid))
    }

    async fn fetch(&self) -> Result<(), Refused> {
        let answer = self.client.get(&self.jwks_url).send().await?.error_for_status()?;
        let max_age = answer.headers().get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
        let max_age = max_age.and_then(|value| value.split("max-age=").nth(1)?.parse().ok());
        let set: JwkSet = answer.json().await?;
        let known = set
            .keys
            .iter()
            .filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)));
        let mut keys = self.keys.write().await;
        keys.known = known.collect();
        keys.fresh_until = Some(Instant::now() + max_age.map_or(Self::USUALLY_FRESH, Duration::from_secs));
        Ok(())
    }
}

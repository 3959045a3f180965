//! The keys that recognise access tokens, for every service that verifies them by itself.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, HeaderValue},
    web::Data,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{domain::signing_key::SigningKey, flows::Services};

use super::{problem::Problem, refusals::Refusals};

/// A JSON Web Key Set (RFC 7517).
#[derive(Serialize, ToSchema)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// A public key on P-256.
#[derive(Serialize, ToSchema)]
struct Key {
    #[schema(example = "EC")]
    kty: &'static str,
    #[schema(example = "P-256")]
    crv: &'static str,
    #[schema(example = "ES256")]
    alg: &'static str,
    #[schema(example = "sig")]
    r#use: &'static str,
    /// As the head of a token names it.
    #[schema(format = Uuid)]
    kid: String,
    x: String,
    y: String,
}

/// As long as the rotation of the keys reckons with.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// Signing keys
///
/// Those that sign, those that will, and those whose tokens still hold. A key is published for two cache periods before it signs anything.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "tokens",
    responses(
        (status = 200, description = "The keys", body = KeySet, headers(("cache-control" = String, description = "How long they may be remembered"))),
        Refusals,
    )
)]
pub async fn key_set(services: Data<Services>) -> Result<HttpResponse, Problem> {
    let keys = services.keys.published();
    let keys = keys.iter().map(|key| Key::of(key).ok_or_else(|| spoilt(key))).collect::<Result<_, _>>()?;
    let mut answer = HttpResponse::Ok().json(KeySet { keys });
    answer.headers_mut().insert(CACHE_CONTROL, CACHED);
    Ok(answer)
}

impl Key {
    fn of(key: &SigningKey) -> Option<Self> {
        let (x, y) = key.public.strip_prefix(&[4])?.split_at_checked(32)?;
        Some(Self {
            kty: "EC",
            crv: "P-256",
            alg: "ES256",
            r#use: "sig",
            kid: key.id.to_string(),
            x: URL_SAFE_NO_PAD.encode(x),
            y: URL_SAFE_NO_PAD.encode(y),
        })
    }
}

fn spoilt(key: &SigningKey) -> Problem {
    Problem::Internal(format!("the signing key {} is no point on P-256", key.id).into())
}

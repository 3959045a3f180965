//! Tokens that nobody should believe, signed with the key that everybody does.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis::{
    domain::sealed::KeySecrets,
    system::vault::{Label, Vault},
};
use serde_json::Value;

use super::service::{KEY_SECRET, Service};

pub(crate) struct Forge {
    pair: EcdsaKeyPair,
    /// Of a real token, in its own order.
    head: Vec<(String, Value)>,
    pub(crate) claims: Value,
}

impl Forge {
    /// Takes the service's own key out of its store.
    pub(crate) async fn at(service: &Service, token: &str) -> Self {
        let [key] = service.store.signing_keys().await.unwrap().try_into().unwrap();
        let vault = Vault::new(&KeySecrets::parse(KEY_SECRET).unwrap()).unwrap();
        let label = Label { what: "signing key", of: key.id.as_uuid() };
        let private = vault.open(&key.private, label).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &private).unwrap();
        let [head, claims, _] = parts(token);
        let members = ["typ", "alg", "kid"].map(|name| (name.to_owned(), decoded(head)[name].clone()));
        let forge = Self { pair, head: members.into(), claims: decoded(claims) };
        assert_eq!(URL_SAFE_NO_PAD.encode(forge.head()), head, "the forge writes what the service does");
        forge
    }

    /// A key of somebody else's.
    pub(crate) fn stranger(&self) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { pair, head: self.head.clone(), claims: self.claims.clone() }
    }

    pub(crate) fn head(&self) -> String {
        object(&self.head)
    }

    pub(crate) fn kid(&self) -> &Value {
        &self.head[2].1
    }

    pub(crate) fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    pub(crate) fn sign(&self, head: &str, claims: &str) -> String {
        let message = message(head, claims);
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The real claims but for one: left out, or another value.
    pub(crate) fn with_claim(&self, name: &str, value: Option<Value>) -> String {
        let mut claims = self.claims.clone();
        match value {
            Some(value) => claims[name] = value,
            None => drop(claims.as_object_mut().unwrap().remove(name)),
        }
        self.sign(&self.head(), &claims.to_string())
    }

    /// The real head but for one member, where that stands or at the end.
    pub(crate) fn with_head(&self, name: &str, value: Option<Value>) -> String {
        let mut head = self.head.clone();
        let place = head.iter().position(|(known, _)| known == name);
        match (place, value) {
            (Some(place), Some(value)) => head[place].1 = value,
            (Some(place), None) => drop(head.remove(place)),
            (None, value) => head.extend(value.map(|value| (name.to_owned(), value))),
        }
        self.sign(&object(&head), &self.claims.to_string())
    }
}

fn object(members: &[(String, Value)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

pub(crate) fn message(head: &str, claims: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims))
}

pub(crate) fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

pub(crate) fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

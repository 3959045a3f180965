//! A document of `signing_keys`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{id::KeyId, sealed::Sealed, signing_key::SigningKey};

use super::{
    Misfit,
    values::{Bytes, Id, Moment},
};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::store::mongo) struct SigningKeyDocument {
    #[serde(rename = "_id")]
    id: Id,
    number: u64,
    public: Bytes,
    private: Bytes,
    created_at: Moment,
    not_before: Moment,
}

impl From<&SigningKey> for SigningKeyDocument {
    fn from(key: &SigningKey) -> Self {
        Self {
            id: key.id.as_uuid().into(),
            number: key.number,
            public: key.public.as_slice().into(),
            private: key.private.as_bytes().into(),
            created_at: key.created_at.into(),
            not_before: key.not_before.into(),
        }
    }
}

impl TryFrom<SigningKeyDocument> for SigningKey {
    type Error = Misfit;

    fn try_from(stored: SigningKeyDocument) -> Result<Self, Misfit> {
        Ok(Self {
            id: KeyId::from_uuid(stored.id.into()),
            number: stored.number,
            public: stored.public.into(),
            private: Sealed::from_bytes(stored.private.into()),
            created_at: stored.created_at.read("createdAt")?,
            not_before: stored.not_before.read("notBefore")?,
        })
    }
}

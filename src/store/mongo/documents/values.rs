//! How the values of the domain lie in BSON: ids and digests as binary, moments as dates.

use std::borrow::Cow;

use jiff::Timestamp;
use mongodb::bson::{self, Binary, Bson, DateTime, spec::BinarySubtype};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::secret::SecretDigest;

use super::Misfit;

/// A UUID, as binary of subtype 4.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::store::mongo) struct Id(bson::Uuid);

/// A moment, in whole milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::store::mongo) struct Moment(DateTime);

/// Bytes, of which only their owner knows what they mean.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::store::mongo) struct Bytes(Binary);

/// The digest of a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::store::mongo) struct Digest(Bytes);

impl From<Uuid> for Id {
    fn from(id: Uuid) -> Self {
        Self(bson::Uuid::from_bytes(id.into_bytes()))
    }
}

impl From<Id> for Uuid {
    fn from(id: Id) -> Self {
        Self::from_bytes(id.0.bytes())
    }
}

impl From<Timestamp> for Moment {
    fn from(moment: Timestamp) -> Self {
        Self(DateTime::from_millis(moment.as_millisecond()))
    }
}

impl Moment {
    pub(in crate::store::mongo) fn read(self, field: &'static str) -> Result<Timestamp, Misfit> {
        Timestamp::from_millisecond(self.0.timestamp_millis()).map_err(|_| Misfit(field))
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() })
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        bytes.0.bytes
    }
}

impl From<&SecretDigest> for Digest {
    fn from(digest: &SecretDigest) -> Self {
        Self(digest.as_bytes().as_slice().into())
    }
}

impl Digest {
    pub(in crate::store::mongo) fn read(&self, field: &'static str) -> Result<SecretDigest, Misfit> {
        let bytes = self.0.0.bytes.as_slice().try_into().map_err(|_| Misfit(field))?;
        Ok(SecretDigest::from_bytes(bytes))
    }
}

impl From<Id> for Bson {
    fn from(id: Id) -> Self {
        id.0.into()
    }
}

impl From<Moment> for Bson {
    fn from(moment: Moment) -> Self {
        moment.0.into()
    }
}

impl From<Bytes> for Bson {
    fn from(bytes: Bytes) -> Self {
        bytes.0.into()
    }
}

impl From<Digest> for Bson {
    fn from(digest: Digest) -> Self {
        digest.0.0.into()
    }
}

macro_rules! bson_type {
    ($type:ident, $name:literal) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "bsonType": $name })
            }
        }
    };
}

bson_type!(Id, "binData");
bson_type!(Moment, "date");
bson_type!(Bytes, "binData");
bson_type!(Digest, "binData");

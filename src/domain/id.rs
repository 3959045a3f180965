//! Names that never change: UUIDv7, so that new records lie together in an index.

use std::fmt;

use jiff::Timestamp;
use uuid::{Builder, Uuid};

use super::clock::{Entropy, NoEntropy, random};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            pub fn new(now: Timestamp, entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
                version_7(now, entropy).map(Self)
            }

            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// Which user.
    UserId
}
id! {
    /// Which session; unlike its secret it may be shown.
    SessionId
}
id! {
    /// Which security event.
    EventId
}
id! {
    /// Which access token: `jti`.
    TokenId
}
id! {
    /// Which signing key: `kid`.
    KeyId
}
id! {
    /// Which mail: the left half of its `Message-ID`.
    LetterId
}
id! {
    /// Which request: what a log line and a problem share.
    RequestId
}

fn version_7(now: Timestamp, entropy: &dyn Entropy) -> Result<Uuid, NoEntropy> {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Ok(Builder::from_unix_timestamp_millis(millis, &random(entropy)?).into_uuid())
}

//! Names that never change: UUIDv7, so that new records lie together in an index.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use super::clock::{Entropy, NoEntropy, random};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
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
impl UserId {
    /// Of somebody who comes from another system: the same whenever the same is brought again. It is a UUID of version 8, which
    /// has its time where version 7 has it, so that these lie among the others; nothing where nobody knows the time.
    pub fn imported(since: Option<Timestamp>, digest: &[u8; 32]) -> Self {
        let millis = since.and_then(|since| u64::try_from(since.as_millisecond()).ok()).unwrap_or(0);
        let [_, _, time @ ..] = millis.to_be_bytes();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(time.iter().chain(digest)).for_each(|(place, byte)| *place = *byte);
        Self(Builder::from_custom_bytes(bytes).into_uuid())
    }
}

id! {
    /// Which session; unlike its secret it may be shown.
    SessionId
}
id! {
    /// Which security event.
    EventId
}
impl EventId {
    /// Those from this moment on are not less.
    pub fn from_moment(moment: Timestamp) -> Self {
        let millis = u64::try_from(moment.as_millisecond()).unwrap_or(0);
        Self(Uuid::from_u128(u128::from(millis) << 80))
    }

    /// Of all that there can be.
    pub const FIRST: Self = Self(Uuid::nil());

    /// Above all of them.
    pub const LAST: Self = Self(Uuid::max());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_from_elsewhere_lies_among_the_others_by_time() {
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let imported = |since, byte| UserId::imported(since, &[byte; 32]).as_uuid();
        let (earlier, later) =
            (imported(at("2020-01-01T00:00:00Z"), 9), imported(at("2020-01-01T00:00:00.001Z"), 1));
        assert!(earlier < later);
        assert_eq!((earlier.get_version_num(), earlier.get_variant()), (8, uuid::Variant::RFC4122));
        let of_version_7 = Builder::from_unix_timestamp_millis(1_577_836_800_000, &[5; 10]).into_uuid();
        assert_eq!(of_version_7.as_bytes()[..6], earlier.as_bytes()[..6]);
        assert_ne!(imported(None, 1), imported(None, 2));
        assert_eq!(
            imported(None, 1),
            imported(at("1969-01-01T00:00:00Z"), 1),
            "before there was such a time"
        );
    }
}

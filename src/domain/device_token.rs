//! The token of a device: a browser has it since somebody signed in there, and shows by it that they did.
//!
//! It signs nobody in. A stranger who tries passwords does not have it, so that nobody is locked out of their own browser.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};

use super::{
    clock::{Entropy, NoEntropy, random},
    secret::{NotASecret, SecretDigest},
};

#[derive(Clone)]
pub struct DeviceToken {
    pub device: Device,
    pub issued_at: Timestamp,
    /// When the password was chosen that was typed then: the token ends with that one.
    pub password_of: Timestamp,
    /// That it was us who handed it out, and for whose sign-in.
    pub proof: SecretDigest,
}

/// All that one browser has: one for each of those who signed in there, the latest first.
#[derive(Clone, Default)]
pub struct DeviceTokens(Vec<DeviceToken>);

/// One browser's number for one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device(u128);

impl Device {
    pub fn new(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        random(entropy).map(|bytes| Self(u128::from_be_bytes(bytes)))
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl DeviceToken {
    /// Browsers keep nothing for longer.
    pub const LIFETIME: SignedDuration = SignedDuration::from_hours(400 * 24);

    /// Tells people and secret scanners whose it is, and from all that signs somebody in.
    const PREFIX: &str = "pcd_";
    const LENGTH: usize = 16 + 8 + 8 + 32;

    pub fn parse(presented: &str) -> Result<Self, NotASecret> {
        let encoded = presented.strip_prefix(Self::PREFIX).ok_or(NotASecret)?;
        let mut bytes = [0; Self::LENGTH];
        let Ok(Self::LENGTH) = URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes) else {
            return Err(NotASecret);
        };
        let (device, rest) = bytes.split_first_chunk().ok_or(NotASecret)?;
        let (issued_at, rest) = rest.split_first_chunk().ok_or(NotASecret)?;
        let (password_of, proof) = rest.split_first_chunk().ok_or(NotASecret)?;
        Ok(Self {
            device: Device(u128::from_be_bytes(*device)),
            issued_at: moment(*issued_at)?,
            password_of: moment(*password_of)?,
            proof: SecretDigest::from_bytes(proof.try_into().map_err(|_| NotASecret)?),
        })
    }

    /// For the cookie that holds it.
    pub fn reveal(&self) -> String {
        let mut bytes = Vec::with_capacity(Self::LENGTH);
        bytes.extend_from_slice(&self.device.0.to_be_bytes());
        bytes.extend_from_slice(&self.issued_at.as_millisecond().to_be_bytes());
        bytes.extend_from_slice(&self.password_of.as_millisecond().to_be_bytes());
        bytes.extend_from_slice(self.proof.as_bytes());
        format!("{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(bytes))
    }

    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.issued_at) >= Self::LIFETIME
    }
}

fn moment(millis: [u8; 8]) -> Result<Timestamp, NotASecret> {
    Timestamp::from_millisecond(i64::from_be_bytes(millis)).map_err(|_| NotASecret)
}

impl DeviceTokens {
    /// So many people share a computer; a cookie stays small.
    pub const MOST: usize = 4;
    const BETWEEN: &str = ".";

    /// What is none of ours is left out.
    pub fn parse(presented: &str) -> Self {
        let tokens = presented.split(Self::BETWEEN).take(Self::MOST);
        Self(tokens.filter_map(|token| DeviceToken::parse(token).ok()).collect())
    }

    pub fn reveal(&self) -> String {
        let tokens: Vec<_> = self.0.iter().map(DeviceToken::reveal).collect();
        tokens.join(Self::BETWEEN)
    }

    pub fn iter(&self) -> impl Iterator<Item = &DeviceToken> {
        self.0.iter()
    }

    /// With a newer one in front, and without those that it replaces.
    #[must_use]
    pub fn with(self, newer: DeviceToken, is_replaced: impl Fn(&DeviceToken) -> bool) -> Self {
        let kept = self.0.into_iter().filter(|token| !is_replaced(token));
        Self(std::iter::once(newer).chain(kept).take(Self::MOST).collect())
    }
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceToken(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(device: u128, at: i64) -> DeviceToken {
        let at = Timestamp::from_millisecond(at).unwrap();
        let proof = SecretDigest::from_bytes([7; 32]);
        DeviceToken { device: Device(device), issued_at: at, password_of: at, proof }
    }

    proptest! {
        #[test]
        fn what_is_revealed_parses_back(
            device: u128, issued_at in 0_i64..1 << 47, password_of in 0_i64..1 << 47, proof: [u8; 32],
        ) {
            let [issued_at, password_of] =
                [issued_at, password_of].map(|at| Timestamp::from_millisecond(at).unwrap());
            let (device, proof) = (Device(device), SecretDigest::from_bytes(proof));
            let token = DeviceToken { device, issued_at, password_of, proof };
            let parsed = DeviceToken::parse(&token.reveal()).unwrap();
            prop_assert_eq!(
                (parsed.device, parsed.issued_at, parsed.password_of, parsed.proof),
                (device, issued_at, password_of, proof)
            );
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(text: String) {
            prop_assert!(DeviceToken::parse(&text).is_err());
            prop_assert_eq!(DeviceTokens::parse(&text).iter().count(), 0);
        }
    }

    #[test]
    fn a_cookie_holds_four_the_latest_first_and_stays_small() {
        let add = |tokens: DeviceTokens, device| tokens.with(token(device, 1), |_| false);
        let tokens = (1..=6).fold(DeviceTokens::default(), add);
        let numbers = |tokens: &DeviceTokens| tokens.iter().map(|token| token.device.0).collect::<Vec<_>>();
        assert_eq!(numbers(&tokens), [6, 5, 4, 3]);
        let again = tokens.with(token(7, 1), |token| token.device.0 == 5);
        assert_eq!(numbers(&again), [7, 6, 4, 3]);
        let revealed = again.reveal();
        assert!(revealed.len() < 400 && !revealed.contains([';', ',', ' ', '"']), "{revealed}");
        assert_eq!(numbers(&DeviceTokens::parse(&format!("pcd_.{revealed}"))), [7, 6, 4]);
    }

    #[test]
    fn no_time_is_too_far_to_be_judged() {
        // As far as a time in whole milliseconds goes.
        for (at, is_past) in [(-377_705_023_201_000, true), (253_402_207_200_000, false)] {
            let far = Timestamp::from_millisecond(at).unwrap();
            assert_eq!(token(1, 0).is_over(far), !is_past);
            assert_eq!(token(1, at).is_over(Timestamp::UNIX_EPOCH), is_past);
        }
    }
}

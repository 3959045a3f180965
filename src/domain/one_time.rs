//! A record that can be used once: what has no user yet, or ends in no change of one.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::secret::SecretDigest;

/// What a one-time record may be used for; one purpose never stands in for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Half signed in: the password was right, a second factor is due.
    SecondFactor,
    /// A passkey's challenge.
    PasskeyChallenge,
    /// The state of an authorization at another provider.
    AuthorizationState,
}

impl Purpose {
    pub const ALL: [Self; 3] = [Self::SecondFactor, Self::PasskeyChallenge, Self::AuthorizationState];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::PasskeyChallenge => "passkey_challenge",
            Self::AuthorizationState => "authorization_state",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }
}

/// Found by the digest of its secret, taken out by one conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTime {
    pub digest: SecretDigest,
    pub purpose: Purpose,
    /// What was known when it was made, as plain text under plain names.
    pub facts: BTreeMap<String, String>,
    pub attempts_left: u32,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

//! What a user is asked to prove through a mailbox: spent by the same write that makes the change.

use jiff::{SignedDuration, Timestamp};

use super::{email::Email, secret::SecretDigest};

/// Whoever presents the secret reads mail at this address. It proves nothing else, and nothing about another address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub purpose: Purpose,
    pub email: Email,
    pub digest: SecretDigest,
    pub expires_at: Timestamp,
}

/// What it may be used for; one purpose never stands in for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The user's address is theirs.
    Verify,
    /// Another password in the place of one that was forgotten.
    Reset,
    /// A new address is theirs, and is to be the user's.
    Move,
    /// The address that was the user's before is to be so again.
    Return,
}

/// Those of one user, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenges(Vec<Challenge>);

impl Purpose {
    pub const ALL: [Self; 4] = [Self::Verify, Self::Reset, Self::Move, Self::Return];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::Move => "move",
            Self::Return => "return",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }

    pub const fn lifetime(self) -> SignedDuration {
        match self {
            Self::Verify => SignedDuration::from_hours(24),
            Self::Reset | Self::Move => SignedDuration::from_hours(1),
            // Whoever was robbed of an account may be away for some days.
            Self::Return => SignedDuration::from_hours(7 * 24),
        }
    }

    /// How many a user can have at once: eight in all.
    const fn most(self) -> usize {
        match self {
            Self::Reset => 3,
            Self::Verify | Self::Return => 2,
            Self::Move => 1,
        }
    }
}

impl Challenges {
    pub const fn stored(challenges: Vec<Challenge>) -> Self {
        Self(challenges)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Challenge> {
        self.0.iter()
    }

    /// Of too many for one purpose the oldest goes. Not of the ways back: the oldest of those leads to whoever had the account
    /// first, and it is `false` when there is no room for one more.
    #[must_use]
    pub fn add(&mut self, challenge: Challenge, now: Timestamp) -> bool {
        self.0.retain(|other| now < other.expires_at);
        let same = |other: &Challenge| other.purpose == challenge.purpose;
        if self.0.iter().filter(|other| same(other)).count() >= challenge.purpose.most() {
            if challenge.purpose == Purpose::Return {
                return false;
            }
            if let Some(oldest) = self.0.iter().position(same) {
                self.0.remove(oldest);
            }
        }
        self.0.push(challenge);
        true
    }

    pub fn find(&self, digest: &SecretDigest, now: Timestamp) -> Option<&Challenge> {
        self.0.iter().find(|challenge| challenge.digest == *digest && now < challenge.expires_at)
    }

    /// This way back has been taken: of all others only those stay that are older, and so lead to whoever had the account before.
    pub fn come_back_by(&mut self, digest: &SecretDigest) {
        let taken = self.0.iter().position(|challenge| challenge.digest == *digest).unwrap_or(0);
        self.0.truncate(taken);
        self.0.retain(|challenge| challenge.purpose == Purpose::Return);
    }

    /// Those for these purposes are over.
    pub fn end(&mut self, purposes: &[Purpose]) {
        self.0.retain(|challenge| !purposes.contains(&challenge.purpose));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(purpose: Purpose, number: u8) -> Challenge {
        Challenge {
            purpose,
            email: Email::try_from("ada@example.org").unwrap(),
            digest: SecretDigest::from_bytes([number; 32]),
            expires_at: Timestamp::UNIX_EPOCH + purpose.lifetime(),
        }
    }

    fn numbers(challenges: &Challenges) -> Vec<u8> {
        challenges.iter().map(|challenge| challenge.digest.as_bytes()[0]).collect()
    }

    #[test]
    fn of_too_many_for_one_purpose_the_oldest_goes_and_no_other() {
        let mut challenges = Challenges::default();
        for number in 1..=3 {
            assert!(challenges.add(challenge(Purpose::Verify, number), Timestamp::UNIX_EPOCH));
        }
        for number in 4..=9 {
            assert!(challenges.add(challenge(Purpose::Reset, number), Timestamp::UNIX_EPOCH));
        }
        assert_eq!(numbers(&challenges), [2, 3, 7, 8, 9]);
    }

    #[test]
    fn nobody_crowds_out_a_way_back() {
        let mut challenges = Challenges::default();
        let mut add = |number| challenges.add(challenge(Purpose::Return, number), Timestamp::UNIX_EPOCH);
        assert_eq!([add(1), add(2), add(3)], [true, true, false]);
        assert_eq!(numbers(&challenges), [1, 2]);
        let later = Timestamp::UNIX_EPOCH + Purpose::Return.lifetime();
        assert!(challenges.add(challenge(Purpose::Return, 4), later));
        assert_eq!(numbers(&challenges), [4], "what has expired makes room");
    }

    #[test]
    fn a_way_back_that_is_taken_ends_all_but_older_ones() {
        let mut challenges = Challenges::default();
        let all = [
            (Purpose::Reset, 1),
            (Purpose::Return, 2),
            (Purpose::Move, 3),
            (Purpose::Return, 4),
            (Purpose::Verify, 5),
        ];
        for (purpose, number) in all {
            assert!(challenges.add(challenge(purpose, number), Timestamp::UNIX_EPOCH));
        }
        challenges.come_back_by(&SecretDigest::from_bytes([4; 32]));
        assert_eq!(numbers(&challenges), [2]);
        challenges.come_back_by(&SecretDigest::from_bytes([2; 32]));
        assert!(numbers(&challenges).is_empty());
    }

    #[test]
    fn r_21_each_is_over_the_moment_it_expires() {
        for purpose in Purpose::ALL {
            let mut challenges = Challenges::default();
            assert!(challenges.add(challenge(purpose, 1), Timestamp::UNIX_EPOCH));
            let (digest, end) =
                (SecretDigest::from_bytes([1; 32]), Timestamp::UNIX_EPOCH + purpose.lifetime());
            assert!(challenges.find(&digest, end - SignedDuration::from_millis(1)).is_some());
            assert!(challenges.find(&digest, end).is_none(), "{purpose:?}");
        }
    }
}

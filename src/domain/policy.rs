//! The presets: what a new password must be, and how long a session may last.

use jiff::SignedDuration;

use super::{email::Email, leaked::is_leaked, password::Candidate, strength::guessed};

/// Which passwords may be chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PasswordPolicy {
    /// 8 to 1,024 characters, not the address, not one that leaked often, and not easily guessed.
    #[default]
    Standard,
    /// 15 characters at least, as NIST asks where the password is the only factor; not the address, and not one that leaked often.
    Nist,
    /// 4 to 20 characters and nothing else, for taking over a platform that has these rules.
    Ticketing,
}

/// What somebody learns who signs up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignUpAnswer {
    /// Whether the address is taken; if not, they are signed in at once.
    #[default]
    Direct,
    /// Nothing: what there is to say is mailed to the address, which has to be verified before anybody signs in.
    Neutral,
}

impl SignUpAnswer {
    /// Whether nobody signs in before their address is verified.
    pub const fn asks_for_proof(self) -> bool {
        matches!(self, Self::Neutral)
    }
}

/// A password that passed the policy: the only kind that is ever stored.
#[derive(Clone, Debug)]
pub struct NewPassword(Candidate);

/// Why a password may not be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("Password must have at least {0} characters")]
    TooShort(usize),
    #[error("Password must have at most {0} characters")]
    TooLong(usize),
    #[error("Password must not be the email address")]
    IsAddress,
    #[error("Password is one of those that everybody tries first; choose another one")]
    Leaked,
    #[error("Password is easily guessed{0}")]
    Guessable(String),
}

impl PasswordPolicy {
    pub const fn shortest(self) -> usize {
        match self {
            Self::Standard => 8,
            Self::Nist => 15,
            Self::Ticketing => 4,
        }
    }

    pub const fn longest(self) -> usize {
        match self {
            Self::Standard | Self::Nist => Candidate::LONGEST,
            Self::Ticketing => 20,
        }
    }

    /// `email` is the owner's address, where it is known to be one.
    pub fn admit(self, candidate: Candidate, email: Option<&Email>) -> Result<NewPassword, Unfit> {
        let length = candidate.length();
        if length < self.shortest() {
            return Err(Unfit::TooShort(self.shortest()));
        }
        if length > self.longest() {
            return Err(Unfit::TooLong(self.longest()));
        }
        if self != Self::Ticketing {
            if email.is_some_and(|email| is_address(&candidate, email)) {
                return Err(Unfit::IsAddress);
            }
            if is_leaked(&candidate) {
                return Err(Unfit::Leaked);
            }
        }
        if self == Self::Standard {
            guessed(&candidate, email).map_or(Ok(()), |advice| Err(Unfit::Guessable(advice)))?;
        }
        Ok(NewPassword(candidate))
    }
}

/// In any letter case, and also without its domain.
fn is_address(candidate: &Candidate, email: &Email) -> bool {
    let typed = candidate.as_str().trim().to_lowercase();
    let local = email.canonical().split_once('@').map_or("", |(local, _)| local);
    typed == email.canonical() || typed == email.original().to_lowercase() || typed == local
}

impl NewPassword {
    pub const fn as_candidate(&self) -> &Candidate {
        &self.0
    }

    pub fn into_candidate(self) -> Candidate {
        self.0
    }
}

/// How long a session lasts; the reasons are in `docs/configuration.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionPreset {
    /// 14 days idle, 30 days at all.
    #[default]
    Relaxed,
    /// 1 hour idle, 24 hours at all: NIST's AAL2.
    Aal2,
    /// 15 minutes idle, 12 hours at all: NIST's AAL3.
    Aal3,
}

/// How long a session lives unused, and how long it lives at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    pub idle: SignedDuration,
    pub absolute: SignedDuration,
}

impl SessionPreset {
    pub const fn lifetimes(self) -> Lifetimes {
        let (idle, absolute) = match self {
            Self::Relaxed => (SignedDuration::from_hours(14 * 24), SignedDuration::from_hours(30 * 24)),
            Self::Aal2 => (SignedDuration::from_hours(1), SignedDuration::from_hours(24)),
            Self::Aal3 => (SignedDuration::from_mins(15), SignedDuration::from_hours(12)),
        };
        Lifetimes { idle, absolute }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(policy: PasswordPolicy, password: &str) -> Result<(), Unfit> {
        let email = Email::try_from("Ada.Lovelace@example.org").unwrap();
        policy.admit(Candidate::try_from(password).unwrap(), Some(&email)).map(|_| ())
    }

    #[test]
    fn asvs_6_2_1_lengths_are_counted_in_code_points() {
        for (policy, shortest) in
            [(PasswordPolicy::Standard, 8), (PasswordPolicy::Nist, 15), (PasswordPolicy::Ticketing, 4)]
        {
            // Nine letters that nobody guesses, and as many of one kind as it takes.
            for letter in ["\u{17e}", "\u{1f512}", "e\u{323}\u{302}"] {
                assert_eq!(admits(policy, &letter.repeat(shortest - 1)), Err(Unfit::TooShort(shortest)));
                assert!(!matches!(admits(policy, &letter.repeat(shortest)), Err(Unfit::TooShort(_))));
            }
        }
        assert_eq!(admits(PasswordPolicy::Ticketing, &"x".repeat(21)), Err(Unfit::TooLong(20)));
        let long: String = (0..1024).map(|n| char::from(b'a' + u8::try_from(n * n % 23).unwrap())).collect();
        assert_eq!(admits(PasswordPolicy::Standard, &long), Ok(()));
    }

    #[test]
    fn the_address_is_no_password_except_where_a_platform_allowed_it() {
        for password in ["ada.lovelace@example.org", "ADA.LOVELACE@EXAMPLE.ORG", "Ada.Lovelace"] {
            assert_eq!(admits(PasswordPolicy::Standard, password), Err(Unfit::IsAddress));
        }
        assert_eq!(admits(PasswordPolicy::Ticketing, "ada.lovelace"), Ok(()));
    }

    #[test]
    fn n_10_what_everybody_tries_and_what_the_address_says_is_refused() {
        for (policy, password) in
            [(PasswordPolicy::Standard, "Baseball1"), (PasswordPolicy::Nist, "123456789987654321")]
        {
            assert_eq!(admits(policy, password), Err(Unfit::Leaked), "{password}");
        }
        for password in ["lovelace1815", "Lovelace!Ada", "example.org1", "jessica1987"] {
            assert!(
                matches!(admits(PasswordPolicy::Standard, password), Err(Unfit::Guessable(_))),
                "{password}"
            );
        }
        let hyphens = Email::try_from("grzegorz-brzeczyszczykiewicz+x@b\u{fc}cher.example").unwrap();
        for password in ["brzeczyszczykiewicz1", "b\u{fc}cher99"] {
            let judged =
                PasswordPolicy::Standard.admit(Candidate::try_from(password).unwrap(), Some(&hyphens));
            assert!(matches!(judged, Err(Unfit::Guessable(_))), "{password}");
        }
        assert_eq!(admits(PasswordPolicy::Ticketing, "baseball1"), Ok(()));
    }

    #[test]
    fn n_19_n_20_n_21_the_presets_keep_nist_s_limits() {
        let hours = |preset: SessionPreset| {
            (preset.lifetimes().idle.as_mins(), preset.lifetimes().absolute.as_hours())
        };
        assert_eq!(hours(SessionPreset::Relaxed), (14 * 24 * 60, 30 * 24));
        assert_eq!(hours(SessionPreset::Aal2), (60, 24));
        assert_eq!(hours(SessionPreset::Aal3), (15, 12));
    }
}

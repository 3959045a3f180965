//! The kinds of mail there are.

/// What it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// Prove that this address is yours.
    Verify,
    /// Choose another password.
    Reset,
    /// The same, to whoever took their account back and has none now.
    Regained,
    /// The same, to an address that somebody signs up with once more and nobody has proved yet.
    SignedUpAgain,
    PasswordChanged,
    /// To the new address: prove that it is yours, and it will be that of your account.
    Move,
    /// To the old address: it is not that of your account any more, and this is the way back.
    Moved,
    /// To the address that was theirs for a while: whoever had the account before has it back.
    Returned,
    /// Somebody wants to sign up with an address, or to move to one, that is yours already.
    Taken,
    /// Your account will be erased.
    Leaving,
}

impl LetterKind {
    pub const ALL: [Self; 10] = [
        Self::Verify,
        Self::Reset,
        Self::Regained,
        Self::SignedUpAgain,
        Self::PasswordChanged,
        Self::Move,
        Self::Moved,
        Self::Returned,
        Self::Taken,
        Self::Leaving,
    ];

    /// Its name in the store, and that of its templates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::Regained => "regained",
            Self::SignedUpAgain => "signed_up_again",
            Self::PasswordChanged => "password_changed",
            Self::Move => "move",
            Self::Moved => "moved",
            Self::Returned => "returned",
            Self::Taken => "taken",
            Self::Leaving => "leaving",
        }
    }

    /// Whether it tells of something that has happened, and not only of something that was asked for.
    pub(super) const fn is_notice(self) -> bool {
        !matches!(self, Self::Verify | Self::Reset | Self::SignedUpAgain | Self::Move | Self::Taken)
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

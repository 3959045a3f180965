//! The vocabulary: every kind of event by a name that never changes, and why it came to it.

use super::word::Word;
use crate::domain::session::EndReason;

macro_rules! names {
    ($(#[$doc:meta])* $type:ident; $($(#[$what:meta])+ $name:ident = $text:literal,)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[$what])+ $name,)+
            /// Of another release.
            Other(Word),
        }

        impl $type {
            pub const ALL: &[Self] = &[$(Self::$name),+];

            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)+
                    Self::Other(word) => word.as_str(),
                }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|name| name.as_str() == text)
            }

            /// As it was written down, by whichever release.
            pub fn read(text: &str) -> Option<Self> {
                Self::parse(text).or_else(|| Word::parse(text).map(Self::Other))
            }
        }
    };
}

names! {
    /// What happened.
    EventKind;
    /// An account was made.
    SignedUp = "signed_up",
    /// Somebody wanted an account for an address that is taken.
    SignUpRefused = "signup_refused",
    /// A session began.
    SignedIn = "signed_in",
    /// A sign-in was refused, and why.
    SignInFailed = "signin_failed",
    /// A session ended because its user signed out.
    SignedOut = "signed_out",
    /// A session ended for another reason.
    SessionEnded = "session_ended",
    /// All sessions of a user ended, but perhaps the one that asked.
    AllSessionsEnded = "all_sessions_ended",
    /// A refresh that had been replaced was used again, and its session ended.
    RefreshReuse = "refresh_reuse",
    /// Too much was tried, and the next try has to wait.
    Throttled = "throttled",
    /// An operator let a throttled address try again.
    ThrottleCleared = "throttle_cleared",
    /// Somebody who is signed in asked for what is for administrators; told once an hour of a session.
    AccessRefused = "access_refused",
    /// Somebody who is signed in typed another password than theirs, where theirs was asked for.
    PasswordRejected = "password_rejected",
    /// Somebody who knows the password chose another.
    PasswordChanged = "password_changed",
    /// Somebody asked for a letter to choose another password by.
    PasswordResetAsked = "password_reset_asked",
    /// Another password was chosen by a letter.
    PasswordReset = "password_reset",
    /// Somebody asked for a letter to prove their address by.
    VerificationAsked = "verification_asked",
    /// An address was proved.
    EmailVerified = "email_verified",
    /// Somebody asked for another address.
    EmailChangeAsked = "email_change_asked",
    /// An account has another address, which was proved.
    EmailChanged = "email_changed",
    /// The owner of the old address took the account back.
    EmailReturned = "email_returned",
    /// Somebody took along all that is kept of them.
    DataExported = "data_exported",
    /// Somebody left; their account is erased when the grace is over.
    UserLeaving = "user_leaving",
    /// Somebody who had left came back in time.
    UserReturned = "user_returned",
    /// An account was removed, with all that told of a person.
    UserErased = "user_erased",
    /// An operator disabled an account.
    UserDisabled = "user_disabled",
    /// An operator enabled an account again.
    UserEnabled = "user_enabled",
    /// An operator set about removing an account at once.
    UserDeleted = "user_deleted",
    /// An operator gave or took roles.
    RolesChanged = "roles_changed",
    /// An operator set about importing users of another system.
    UsersImported = "users_imported",
    /// A new signing key was made.
    SigningKeyRotated = "signing_key_rotated",
    /// The store was filled from a backup.
    BackupRestored = "backup_restored",
}

names! {
    /// Why it came to it.
    Reason;
    /// The address is nobody's.
    UnknownAddress = "unknown_address",
    /// The password is another.
    WrongPassword = "wrong_password",
    /// The account is disabled.
    Disabled = "disabled",
    /// The address has not been proved.
    Unverified = "unverified",
    /// The account's grace is over.
    Left = "left",
    /// The account changed while it was signed in to.
    Changed = "changed",
    /// The address is somebody's.
    AddressTaken = "address_taken",
    /// The session was ended from another one.
    Revoked = "revoked",
    /// A new session took its place in the same browser, of the same user or of another one.
    Replaced = "replaced",
    /// A user has more sessions than they may.
    Crowded = "crowded",
    /// The owner of the address came back to it.
    MadeWay = "made_way",
    /// It was time.
    Due = "due",
    /// Somebody asked for it.
    Asked = "asked",
    /// A network tried many different pairs of address and password.
    TooManyPairs = "too_many_pairs",
    /// A network signed up often.
    TooManySignUps = "too_many_signups",
    /// A network often asked for another password.
    TooManyAsked = "too_many_asked",
    /// A network brought many tokens that do not hold.
    TooManyTokens = "too_many_tokens",
}

names! {
    /// Who decided.
    Actor;
    /// Whom it is about.
    User = "user",
    /// Somebody who has not shown that they are the one whom it is about.
    Anyone = "anyone",
    /// Whoever has the command line.
    Operator = "operator",
    /// The service itself.
    Service = "service",
}

impl EventKind {
    /// What the end of a session is called, and why it came.
    pub const fn of_end(reason: EndReason) -> (Self, Option<Reason>) {
        match reason {
            EndReason::SignedOut => (Self::SignedOut, None),
            EndReason::RefreshReuse => (Self::RefreshReuse, None),
            EndReason::Revoked => (Self::SessionEnded, Some(Reason::Revoked)),
            EndReason::Replaced => (Self::SessionEnded, Some(Reason::Replaced)),
            EndReason::Crowded => (Self::SessionEnded, Some(Reason::Crowded)),
            EndReason::Other => (Self::SessionEnded, None),
        }
    }
}

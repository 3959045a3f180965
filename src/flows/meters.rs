//! What happened, counted where it happens: for whoever watches many of us.

use crate::{
    mail::Undelivered,
    system::meters::{Counter, Label, Labelled},
};

use super::{Failure, SignedIn, sign_in::SignInRefusal};

/// Since the start.
#[derive(Debug, Default)]
pub struct Meters {
    pub sign_ins: Labelled<SignInOutcome>,
    pub sign_ups: Counter,
    /// What was refused, because too much of it was tried before.
    pub throttled: Labelled<Held>,
    pub refreshes: Labelled<RefreshOutcome>,
    pub mails: Labelled<MailOutcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInOutcome {
    Ok,
    Wrong,
    Throttled,
    /// Nobody looked at the password, or it was right and came to nothing: we were busy, or the store away.
    Failed,
}

/// What keeps somebody waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Passwords that were tried of an account, everywhere or on their network.
    Account,
    /// In a known browser.
    Browser,
    /// By its owner, who is signed in.
    Owner,
    /// Wrong pairs of address and password.
    Network,
    SignUp,
    Forgotten,
    /// Wrong ones from a mail.
    Token,
    /// Mail that somebody who is signed in asks for.
    Mail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// The secret gave way to another one.
    Rotated,
    /// Somebody asked again in time, as browsers with many tabs do.
    Benign,
    /// One of two has stolen it: the session has ended.
    Theft,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailOutcome {
    Sent,
    /// It waits, and is tried again.
    Postponed,
    /// Nobody will try again.
    GivenUp,
}

impl SignInOutcome {
    pub(super) const fn of(done: &Result<SignedIn, Failure<SignInRefusal>>) -> Self {
        match done {
            Ok(_) => Self::Ok,
            Err(Failure::Refused(SignInRefusal::InvalidCredentials)) => Self::Wrong,
            Err(Failure::Throttled { .. }) => Self::Throttled,
            Err(_) => Self::Failed,
        }
    }
}

impl MailOutcome {
    pub(super) const fn of(sent: &Result<(), Undelivered>, given_up: bool) -> Self {
        match sent {
            Ok(()) => Self::Sent,
            Err(_) if given_up => Self::GivenUp,
            Err(_) => Self::Postponed,
        }
    }
}

impl Label for SignInOutcome {
    const ALL: &'static [Self] = &[Self::Ok, Self::Wrong, Self::Throttled, Self::Failed];

    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Wrong => "wrong",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
        }
    }
}

impl Label for Held {
    const ALL: &'static [Self] = &[
        Self::Account,
        Self::Browser,
        Self::Owner,
        Self::Network,
        Self::SignUp,
        Self::Forgotten,
        Self::Token,
        Self::Mail,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Browser => "browser",
            Self::Owner => "owner",
            Self::Network => "network",
            Self::SignUp => "sign_up",
            Self::Forgotten => "forgotten",
            Self::Token => "token",
            Self::Mail => "mail",
        }
    }
}

impl Label for RefreshOutcome {
    const ALL: &'static [Self] = &[Self::Rotated, Self::Benign, Self::Theft];

    fn as_str(self) -> &'static str {
        match self {
            Self::Rotated => "rotated",
            Self::Benign => "benign",
            Self::Theft => "theft",
        }
    }
}

impl Label for MailOutcome {
    const ALL: &'static [Self] = &[Self::Sent, Self::Postponed, Self::GivenUp];

    fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Postponed => "postponed",
            Self::GivenUp => "given_up",
        }
    }
}

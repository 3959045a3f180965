//! Which problem each way a flow can end badly is; a new refusal does not compile without one.

use std::convert::Infallible;

use crate::flows::{
    Failure, authenticate::Contradiction, change_password::ChangeRefusal, decide::GateRefusal,
    end_all_sessions::SignedOut, end_session::NotTheirs, refresh::SessionEnded, sign_in::SignInRefusal,
    sign_up::SignUpRefusal, verify::TokenRefusal, who_am_i::WhoAmIRefusal,
};

use super::{credentials::code_of, fault::Fault, problem::Problem};

impl<R: Into<Self>> From<Failure<R>> for Problem {
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::Refused(reason) => reason.into(),
            Failure::Raced => Self::Conflict,
            Failure::Busy { retry_after } => Self::Busy { retry_after },
            Failure::Unavailable(source) => Self::StoreUnavailable(source),
            Failure::OutcomeUnknown(source) => Self::OutcomeUnknown(source),
            Failure::Broken(source) => Self::Internal(source),
        }
    }
}

impl From<Infallible> for Problem {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<Contradiction> for Problem {
    fn from(_: Contradiction) -> Self {
        Self::Contradiction
    }
}

impl From<SessionEnded> for Problem {
    fn from(_: SessionEnded) -> Self {
        Self::SessionEnded
    }
}

impl From<SignedOut> for Problem {
    fn from(_: SignedOut) -> Self {
        Self::NotSignedIn
    }
}

impl From<NotTheirs> for Problem {
    fn from(_: NotTheirs) -> Self {
        Self::NotFound
    }
}

impl From<SignUpRefusal> for Problem {
    fn from(refusal: SignUpRefusal) -> Self {
        match refusal {
            SignUpRefusal::EmailInUse => {
                Self::Invalid(vec![Fault::new("email_in_use", "Email is in use").at("email")])
            }
        }
    }
}

impl From<GateRefusal> for Problem {
    fn from(refusal: GateRefusal) -> Self {
        Self::Gate(refusal)
    }
}

impl From<SignInRefusal> for Problem {
    fn from(refusal: SignInRefusal) -> Self {
        match refusal {
            SignInRefusal::InvalidCredentials => Self::InvalidCredentials,
        }
    }
}

impl From<TokenRefusal> for Problem {
    fn from(refusal: TokenRefusal) -> Self {
        match refusal {
            TokenRefusal::Invalid => Self::TokenInvalid,
            TokenRefusal::Expired => Self::TokenExpired,
            TokenRefusal::SessionEnded => Self::SessionEnded,
        }
    }
}

impl From<ChangeRefusal> for Problem {
    fn from(refusal: ChangeRefusal) -> Self {
        let of_the_new_one =
            |code, sentence: String| Self::Invalid(vec![Fault::new(code, sentence).at("newPassword")]);
        match refusal {
            ChangeRefusal::SignedOut => Self::NotSignedIn,
            ChangeRefusal::InvalidCredentials => Self::InvalidCredentials,
            ChangeRefusal::Unfit(unfit) => of_the_new_one(code_of(&unfit), unfit.to_string()),
            ChangeRefusal::Reused => of_the_new_one(
                "password_reused",
                "Password is the present one or was used before; choose another one".to_owned(),
            ),
        }
    }
}

impl From<WhoAmIRefusal> for Problem {
    fn from(refusal: WhoAmIRefusal) -> Self {
        match refusal {
            WhoAmIRefusal::SignedOut => Self::NotSignedIn,
            WhoAmIRefusal::Token(refusal) => refusal.into(),
            WhoAmIRefusal::Contradiction(contradiction) => contradiction.into(),
        }
    }
}

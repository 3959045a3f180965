//! Which problem each way a flow can end badly is; a new refusal does not compile without one.

use std::convert::Infallible;

use crate::{
    domain::policy::Unfit,
    flows::{
        Failure, admit_administrator::NotAdmitted, authenticate::Contradiction,
        change_password::ChangeRefusal, check_password::OwnerRefusal, decide::GateRefusal,
        end_all_sessions::SignedOut, end_session::NotTheirs, follow_events::FollowRefusal,
        refresh::SessionEnded, reset_password::ResetRefusal, sign_in::SignInRefusal, sign_up::SignUpRefusal,
        verify::TokenRefusal, verify_email::VerifyRefusal, who_am_i::WhoAmIRefusal,
    },
};

use super::{account_bodies::TOKEN_INVALID, credentials::code_of, fault::Fault, problem::Problem};

impl<R: Into<Self>> From<Failure<R>> for Problem {
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::Refused(reason) => reason.into(),
            Failure::Raced => Self::Conflict,
            Failure::Throttled { retry_after } => Self::Throttled { retry_after },
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

impl From<FollowRefusal> for Problem {
    fn from(refusal: FollowRefusal) -> Self {
        match refusal {
            FollowRefusal::NoSeat(_) => Self::TooManyStreams,
            FollowRefusal::NoSuchPlace => {
                let message = "There is no such event, or no more: begin anew without an id";
                Self::Invalid(vec![Fault::new("event_unknown", message)])
            }
        }
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

impl From<NotAdmitted> for Problem {
    fn from(refusal: NotAdmitted) -> Self {
        match refusal {
            NotAdmitted::Token(refusal) => refusal.into(),
            NotAdmitted::NotAnAdministrator => Self::Forbidden,
        }
    }
}

impl From<ChangeRefusal> for Problem {
    fn from(refusal: ChangeRefusal) -> Self {
        match refusal {
            ChangeRefusal::SignedOut => Self::NotSignedIn,
            ChangeRefusal::InvalidCredentials => Self::InvalidCredentials,
            ChangeRefusal::Unfit(unfit) => unfit_as_a_new_one(&unfit),
            ChangeRefusal::Reused => reused(),
        }
    }
}

impl From<ResetRefusal> for Problem {
    fn from(refusal: ResetRefusal) -> Self {
        match refusal {
            ResetRefusal::TokenInvalid => token_from_mail_invalid(),
            ResetRefusal::Unfit(unfit) => unfit_as_a_new_one(&unfit),
            ResetRefusal::Reused => reused(),
        }
    }
}

impl From<VerifyRefusal> for Problem {
    fn from(refusal: VerifyRefusal) -> Self {
        match refusal {
            VerifyRefusal::TokenInvalid => token_from_mail_invalid(),
            VerifyRefusal::EmailInUse => SignUpRefusal::EmailInUse.into(),
        }
    }
}

impl From<OwnerRefusal> for Problem {
    fn from(refusal: OwnerRefusal) -> Self {
        match refusal {
            OwnerRefusal::SignedOut => Self::NotSignedIn,
            OwnerRefusal::InvalidCredentials => Self::InvalidCredentials,
        }
    }
}

fn token_from_mail_invalid() -> Problem {
    Problem::Invalid(vec![Fault::new("token_invalid", TOKEN_INVALID).at("token")])
}

fn unfit_as_a_new_one(unfit: &Unfit) -> Problem {
    Problem::Invalid(vec![Fault::new(code_of(unfit), unfit.to_string()).at("newPassword")])
}

fn reused() -> Problem {
    let fault =
        Fault::new("password_reused", "Password is the present one or was used before; choose another one");
    Problem::Invalid(vec![fault.at("newPassword")])
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

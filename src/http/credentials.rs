//! An address and a password as a body brings them, and the rules that make them types.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::{
    email::Email,
    password::Candidate,
    policy::{NewPassword, PasswordPolicy, Unfit},
};

use super::{fault::Fault, given::Given, problem::Problem};

/// Somebody who wants an account.
#[derive(Deserialize, ToSchema)]
pub struct SignUpBody {
    #[serde(default)]
    #[schema(value_type = String, format = Email, example = "ada@example.org")]
    email: Given,
    /// How long it must be is for the configured policy to say: from 8 characters by default.
    #[serde(default)]
    #[schema(value_type = String, format = Password, example = "correct horse battery")]
    password: Given,
}

/// Somebody who says who they are.
#[derive(Deserialize, ToSchema)]
pub struct SignInBody {
    #[serde(default)]
    #[schema(value_type = String, format = Email, example = "ada@example.org")]
    email: Given,
    #[serde(default)]
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 1024, example = "correct horse battery")]
    password: Given,
}

impl SignUpBody {
    pub fn admit(&self, policy: PasswordPolicy) -> Result<(Email, NewPassword), Problem> {
        let email = address(&self.email);
        let fit = |candidate| policy.admit(candidate, email.as_ref().ok()).map_err(unfit);
        let password = candidate(&self.password).and_then(fit);
        both(email, password)
    }
}

impl SignInBody {
    pub fn admit(&self) -> Result<(Email, Candidate), Problem> {
        both(address(&self.email), candidate(&self.password))
    }
}

/// The two of them, or the faults of either.
fn both<A, B>(email: Result<A, Fault>, password: Result<B, Fault>) -> Result<(A, B), Problem> {
    match (email, password) {
        (Ok(email), Ok(password)) => Ok((email, password)),
        (email, password) => Err(Problem::Invalid(email.err().into_iter().chain(password.err()).collect())),
    }
}

fn address(given: &Given) -> Result<Email, Fault> {
    let email = given.text().and_then(|text| Email::try_from(text).ok());
    email.ok_or_else(|| Fault::new("email_invalid", "Email must be valid").at("email"))
}

fn candidate(given: &Given) -> Result<Candidate, Fault> {
    let fault = |code, message| Fault::new(code, message).at("password");
    let typed = given.text().filter(|text| !text.is_empty());
    let typed = typed.ok_or_else(|| fault("password_required", "Password must be given"))?;
    Candidate::try_from(typed)
        .map_err(|_| fault("password_too_long", "Password must have at most 1024 characters"))
}

fn unfit(unfit: Unfit) -> Fault {
    let code = match unfit {
        Unfit::TooShort(_) => "password_too_short",
        Unfit::TooLong(_) => "password_too_long",
        Unfit::IsAddress => "password_is_address",
    };
    Fault::new(code, unfit.to_string()).at("password")
}

//! An address and a password as a body brings them, and the rules that make them types.

use std::cell::OnceCell;

use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidateArgs, ValidationError};

use crate::domain::{
    email::Email,
    password::Candidate,
    policy::{NewPassword, PasswordPolicy, Unfit},
    session::Mode,
};

use super::{
    fault::{faults, verdict},
    given::Given,
    problem::Problem,
};

/// Somebody who wants an account.
#[derive(Deserialize, Validate, ToSchema)]
#[validate(context = NewcomerRules)]
pub struct SignUpBody {
    #[serde(default)]
    #[validate(custom(function = "is_address"))]
    #[schema(value_type = String, required = true, format = Email, example = "ada@example.org")]
    email: Given,
    /// How long it must be is for the configured policy to say: from 8 characters by default.
    #[serde(default)]
    #[validate(custom(function = "is_fit", use_context))]
    #[schema(value_type = String, required = true, format = Password, example = "correct horse battery")]
    password: Given,
    #[serde(default)]
    #[validate(custom(function = "is_mode"))]
    #[schema(value_type = Option<ModeBody>)]
    mode: Given,
}

/// How the session is to be held.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its description is used")]
pub enum ModeBody {
    /// As a cookie, and no token in the answer.
    Cookie,
    /// As tokens in the answer, and no cookie.
    Token,
}

/// What a newcomer's password is judged by.
pub struct NewcomerRules {
    policy: PasswordPolicy,
    email: Option<Email>,
    /// Judging costs milliseconds, so it is done once.
    judged: OnceCell<Result<NewPassword, ValidationError>>,
}

/// Somebody who says who they are.
#[derive(Deserialize, Validate, ToSchema)]
pub struct SignInBody {
    #[serde(default)]
    #[validate(custom(function = "is_address"))]
    #[schema(value_type = String, required = true, format = Email, example = "ada@example.org")]
    email: Given,
    #[serde(default)]
    #[validate(custom(function = "is_candidate"))]
    #[schema(value_type = String, required = true, format = Password, min_length = 1, max_length = 1024, example = "correct horse battery")]
    password: Given,
    #[serde(default)]
    #[validate(custom(function = "is_mode"))]
    #[schema(value_type = Option<ModeBody>)]
    mode: Given,
}

/// Somebody who wants another password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangePasswordBody {
    #[serde(default)]
    #[validate(custom(function = "is_candidate"))]
    #[schema(value_type = String, required = true, format = Password, min_length = 1, max_length = 1024, example = "correct horse battery")]
    current_password: Given,
    /// Judged as a newcomer's is.
    #[serde(default)]
    #[validate(custom(function = "is_candidate"))]
    #[schema(value_type = String, required = true, format = Password, min_length = 1, max_length = 1024, example = "a stapler in the rain")]
    new_password: Given,
}

impl ChangePasswordBody {
    /// The present one and the new one.
    pub fn admit(&self) -> Result<(Candidate, Candidate), Problem> {
        self.validate().map_err(|found| Problem::Invalid(faults(&found)))?;
        let read = |given| candidate(given).map_err(|_| Problem::Invalid(Vec::new()));
        Ok((read(&self.current_password)?, read(&self.new_password)?))
    }
}

impl SignUpBody {
    pub fn admit(&self, policy: PasswordPolicy) -> Result<(Email, NewPassword, Mode), Problem> {
        let rules = NewcomerRules { policy, email: address(&self.email), judged: OnceCell::new() };
        self.validate_with_args(&rules).map_err(|found| Problem::Invalid(faults(&found)))?;
        let email = address(&self.email).ok_or(Problem::Invalid(Vec::new()))?;
        let password = rules.judge(&self.password).map_err(|_| Problem::Invalid(Vec::new()))?;
        Ok((email, password, mode(&self.mode).unwrap_or(Mode::Cookie)))
    }
}

impl SignInBody {
    pub fn admit(&self) -> Result<(Email, Candidate, Mode), Problem> {
        self.validate().map_err(|found| Problem::Invalid(faults(&found)))?;
        let email = address(&self.email).ok_or(Problem::Invalid(Vec::new()))?;
        let password = candidate(&self.password).map_err(|_| Problem::Invalid(Vec::new()))?;
        Ok((email, password, mode(&self.mode).unwrap_or(Mode::Cookie)))
    }
}

impl NewcomerRules {
    fn judge(&self, given: &Given) -> Result<NewPassword, ValidationError> {
        let judge = || {
            let admitted = self.policy.admit(candidate(given)?, self.email.as_ref());
            admitted.map_err(|unfit| verdict(code_of(&unfit), unfit.to_string()))
        };
        self.judged.get_or_init(judge).clone()
    }
}

/// What programs call it that a password may not be chosen.
pub const fn code_of(unfit: &Unfit) -> &'static str {
    match unfit {
        Unfit::TooShort(_) => "password_too_short",
        Unfit::TooLong(_) => "password_too_long",
        Unfit::IsAddress => "password_is_address",
        Unfit::Leaked => "password_leaked",
        Unfit::Guessable(_) => "password_guessable",
    }
}

pub(super) fn address(given: &Given) -> Option<Email> {
    Email::try_from(given.text()?).ok()
}

pub(super) fn candidate(given: &Given) -> Result<Candidate, ValidationError> {
    let typed = given.text().filter(|text| !text.is_empty());
    let typed = typed.ok_or_else(|| verdict("password_required", "Password must be given"))?;
    Candidate::try_from(typed)
        .map_err(|_| verdict("password_too_long", "Password must have at most 1024 characters"))
}

fn mode(given: &Given) -> Option<Mode> {
    match given {
        Given::Missing => Some(Mode::Cookie),
        Given::Text(text) => Mode::parse(text),
        Given::Other => None,
    }
}

fn is_mode(given: &Given) -> Result<(), ValidationError> {
    mode(given).map(|_| ()).ok_or_else(|| verdict("mode_invalid", "Mode must be cookie or token"))
}

pub(super) fn is_address(given: &Given) -> Result<(), ValidationError> {
    address(given).map(|_| ()).ok_or_else(|| verdict("email_invalid", "Email must be valid"))
}

pub(super) fn is_candidate(given: &Given) -> Result<(), ValidationError> {
    candidate(given).map(|_| ())
}

fn is_fit(given: &Given, rules: &NewcomerRules) -> Result<(), ValidationError> {
    rules.judge(given).map(|_| ())
}

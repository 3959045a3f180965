//! What bodies bring that are about an account which is there: an address, a token from a mail, a password.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::domain::{email::Email, mail_token::MailToken, password::Candidate};

use super::{
    credentials::{address, candidate, is_address, is_candidate},
    fault::{faults, verdict},
    given::Given,
    problem::Problem,
};

/// Somebody who forgot their password.
#[derive(Deserialize, Validate, ToSchema)]
pub struct ForgotBody {
    #[serde(default)]
    #[validate(custom(function = "is_address"))]
    #[schema(value_type = String, required = true, format = Email, example = "ada@example.org")]
    email: Given,
}

/// Somebody who chooses another one, by what was mailed to them.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResetBody {
    #[serde(default)]
    #[validate(custom(function = "is_token"))]
    #[schema(value_type = String, required = true, example = "pcm_…")]
    token: Given,
    /// Judged as a newcomer's is.
    #[serde(default)]
    #[validate(custom(function = "is_candidate"))]
    #[schema(value_type = String, required = true, format = Password, min_length = 1, max_length = 1024, example = "a stapler in the rain")]
    new_password: Given,
}

/// Somebody who has a mail of ours before them.
#[derive(Deserialize, Validate, ToSchema)]
pub struct TokenFromMailBody {
    #[serde(default)]
    #[validate(custom(function = "is_token"))]
    #[schema(value_type = String, required = true, example = "pcm_…")]
    token: Given,
}

/// Somebody who wants another address.
#[derive(Deserialize, Validate, ToSchema)]
pub struct ChangeEmailBody {
    #[serde(default)]
    #[validate(custom(function = "is_address"))]
    #[schema(value_type = String, required = true, format = Email, example = "ada@example.org")]
    email: Given,
    #[serde(default)]
    #[validate(custom(function = "is_candidate"))]
    #[schema(value_type = String, required = true, format = Password, min_length = 1, max_length = 1024, example = "correct horse battery")]
    password: Given,
}

/// Somebody who leaves.
#[derive(Deserialize, Validate, ToSchema)]
pub struct LeaveBody {
    #[serde(default)]
    #[validate(custom(function = "is_candidate"))]
    #[schema(value_type = String, required = true, format = Password, min_length = 1, max_length = 1024, example = "correct horse battery")]
    password: Given,
}

impl ForgotBody {
    pub fn admit(&self) -> Result<Email, Problem> {
        self.validate().map_err(|found| Problem::Invalid(faults(&found)))?;
        address(&self.email).ok_or(Problem::Invalid(Vec::new()))
    }
}

impl ResetBody {
    pub fn admit(&self) -> Result<(MailToken, Candidate), Problem> {
        self.validate().map_err(|found| Problem::Invalid(faults(&found)))?;
        Ok((read_token(&self.token)?, read(&self.new_password)?))
    }
}

impl TokenFromMailBody {
    pub fn admit(&self) -> Result<MailToken, Problem> {
        self.validate().map_err(|found| Problem::Invalid(faults(&found)))?;
        read_token(&self.token)
    }
}

impl ChangeEmailBody {
    pub fn admit(&self) -> Result<(Email, Candidate), Problem> {
        self.validate().map_err(|found| Problem::Invalid(faults(&found)))?;
        Ok((address(&self.email).ok_or(Problem::Invalid(Vec::new()))?, read(&self.password)?))
    }
}

impl LeaveBody {
    pub fn admit(&self) -> Result<Candidate, Problem> {
        self.validate().map_err(|found| Problem::Invalid(faults(&found)))?;
        read(&self.password)
    }
}

/// What is no token of ours is refused as one that does not hold any more.
fn is_token(given: &Given) -> Result<(), ValidationError> {
    let token = given.text().and_then(|text| MailToken::parse(text).ok());
    token.map(drop).ok_or_else(|| verdict("token_invalid", TOKEN_INVALID))
}

pub(super) const TOKEN_INVALID: &str =
    "This link has been used, has expired, or was never sent; ask for another one";

fn read_token(given: &Given) -> Result<MailToken, Problem> {
    let token = given.text().and_then(|text| MailToken::parse(text).ok());
    token.ok_or(Problem::Invalid(Vec::new()))
}

fn read(given: &Given) -> Result<Candidate, Problem> {
    candidate(given).map_err(|_| Problem::Invalid(Vec::new()))
}

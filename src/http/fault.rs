//! One thing that is wrong with a request, as its sender is told.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// For programs; stable.
    #[schema(value_type = String, example = "email_invalid")]
    code: Cow<'static, str>,
    /// For people.
    #[schema(value_type = String, example = "Email must be valid")]
    message: Cow<'static, str>,
    /// What of the request is to blame, where one thing is: a member of the body, a parameter of the query, or a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "email")]
    field: Option<Cow<'static, str>>,
}

impl Fault {
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: code.into(), message: message.into(), field: None }
    }

    #[must_use]
    pub fn at(self, field: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field.into()), ..self }
    }
}

/// A rule's verdict, in the words that [`faults`] takes apart again.
pub fn verdict(code: &'static str, message: impl Into<Cow<'static, str>>) -> ValidationError {
    ValidationError::new(code).with_message(message.into())
}

/// Everything that the rules of a body found, in the order of the members' names.
pub fn faults(found: &ValidationErrors) -> Vec<Fault> {
    let mut by_field: Vec<_> = found.errors().iter().collect();
    by_field.sort_by_key(|(field, _)| *field);
    by_field.into_iter().flat_map(|(field, kind)| of_field(member(field), kind)).collect()
}

/// Rules know a member by its name in Rust, callers by that in the body.
fn member(field: &str) -> Cow<'static, str> {
    let mut begins = false;
    let mut name = String::with_capacity(field.len());
    for letter in field.chars() {
        match letter {
            '_' => begins = true,
            _ => name.push(if std::mem::take(&mut begins) { letter.to_ascii_uppercase() } else { letter }),
        }
    }
    Cow::Owned(name)
}

fn of_field(field: Cow<'static, str>, kind: &ValidationErrorsKind) -> Vec<Fault> {
    let ValidationErrorsKind::Field(errors) = kind else {
        return vec![Fault::new("invalid", "This member is invalid").at(field)];
    };
    let fault = |error: &ValidationError| {
        let message = error.message.clone().unwrap_or(Cow::Borrowed("This member is invalid"));
        Fault::new(error.code.clone(), message).at(field.clone())
    };
    errors.iter().map(fault).collect()
}

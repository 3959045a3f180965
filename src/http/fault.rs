//! One thing that is wrong with a request, as its sender is told.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// For programs; stable.
    #[schema(value_type = String, example = "email_invalid")]
    code: Cow<'static, str>,
    /// For people.
    #[schema(value_type = String, example = "Email must be valid")]
    message: Cow<'static, str>,
    /// The member of the body that is to blame, where one is.
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

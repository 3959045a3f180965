//! What lies behind an error, in words for a person.

use std::error::Error;

/// All of it, from what failed down to the reason.
pub fn chain(error: &dyn Error) -> String {
    let (mut said, mut cause) = (error.to_string(), error.source());
    while let Some(inner) = cause {
        let inner_said = inner.to_string();
        // Many an error repeats what lies behind it.
        if !said.contains(&inner_said) {
            said = format!("{said}: {inner_said}");
        }
        cause = inner.source();
    }
    said
}

/// The reason alone, for where the rest repeats our question.
pub fn bottom(error: &dyn Error) -> String {
    let mut bottom = error;
    while let Some(cause) = bottom.source() {
        bottom = cause;
    }
    bottom.to_string()
}

//! What lies in each collection: one type a document, read and written by this type only.
//!
//! A reader skips fields it does not know, so that an older release reads what a newer one writes.

pub(super) mod attempt;
pub(super) mod event;
mod mailbox;
pub(super) mod one_time;
pub(super) mod outlet;
pub(super) mod session;
pub(super) mod settings;
pub(super) mod signing_key;
pub(super) mod user;
pub(super) mod values;

/// A document that cannot be what it says it is: names the field, never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be read as what it should be")]
pub(super) struct Misfit(pub(super) &'static str);

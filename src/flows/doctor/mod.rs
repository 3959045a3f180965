//! Doctor: is all well, and if not, what is to be done? One file a check; none of them changes anything.

pub mod certificate;
pub mod clock;
pub mod gate;
pub mod health;
pub mod mail;
pub mod outlets;
pub mod outside;
mod reach;
pub mod store;
pub mod vitals;

pub use crate::domain::finding::{Finding, State};
pub use reach::Reach;

//! The keys that sign: how they come, go, and are kept.

mod command;
mod kept;
mod rotation;

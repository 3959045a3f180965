//! The impure leaves: the clock, the random source, and the threads that hash passwords.

pub mod clock;
pub mod entropy;
pub mod hashing;
pub mod vault;

//! The one integration binary: every test that needs more than a single file of the library.
#![cfg(test)]

mod dependencies;
mod fences;

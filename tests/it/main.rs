//! The one integration binary: what the service promises, asked from outside.
#![cfg(test)]

mod dependencies;
mod fences;
mod readme;
mod store;
mod support;

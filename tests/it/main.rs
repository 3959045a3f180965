//! The one integration binary: what the service promises, asked from outside.
#![cfg(test)]

mod store;
mod support;

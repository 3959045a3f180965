//! The one integration binary: what the service promises, asked from outside.
#![cfg(test)]

mod dependencies;
mod fences;
mod store;
mod support;
//! Every integration test, in one binary.

mod config;
mod config_command;

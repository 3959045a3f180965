//! The one integration binary: what the service promises, asked from outside.
#![cfg(test)]

mod config;
mod config_command;
mod cross_site;
mod dependencies;
mod fences;
mod generated;
mod health;
mod hostile;
mod problems;
mod sign_in;
mod sign_out;
mod sign_up;
mod store;
mod support;

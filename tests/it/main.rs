//! The one integration binary: what the service promises, asked from outside.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "what is asked from outside takes real time")]

mod config;
mod config_command;
mod crashes;
mod cross_site;
mod dependencies;
mod edge;
mod fences;
mod forward_auth;
mod generated;
mod health;
mod hostile;
mod keys;
mod lifecycle;
mod overload;
mod problems;
mod races;
mod readme;
mod secrecy;
mod sign_in;
mod sign_out;
mod sign_up;
mod store;
mod store_away;
mod support;
mod tokens;
mod verify_page;

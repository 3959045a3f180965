//! The one integration binary: what the service promises, asked from outside.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "what is asked from outside takes real time")]

mod backup;
mod config;
mod config_command;
mod contract;
mod crashes;
mod cross_site;
mod dependencies;
mod doctor;
mod edge;
mod failover;
mod fences;
mod foreign_hashes;
mod forward_auth;
mod generated;
mod half_signed_in;
mod health;
mod hostile;
mod keys;
mod lifecycle;
mod mail;
mod manifests;
mod memory;
mod mongo_agent;
mod overload;
mod passwords;
mod problems;
mod races;
mod readme;
mod refresh;
mod secrecy;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod store;
mod store_away;
mod store_misset;
mod support;
mod throttling;
mod tls;
mod tokens;
mod users_command;
mod users_import;
mod verify_page;

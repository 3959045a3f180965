//! Every integration test, in one binary.

mod config;
mod config_command;

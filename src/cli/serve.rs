//! `portcullis serve`: the service itself.

use std::error::Error;

use clap::Parser;

use crate::config::Config;

/// Serve until told to stop; what happens without a command.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  PORTCULLIS_PUBLIC_LISTEN=127.0.0.1:8080 portcullis serve")]
pub struct Args {}

pub fn run(_config: Config) -> Result<(), Box<dyn Error + Send + Sync>> {
    Err("serving is not built yet".into())
}

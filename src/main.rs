//! The program: parses the command line and hands over.

use std::process::ExitCode;

use clap::Parser as _;
use portcullis::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}

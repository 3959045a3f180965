//! The command line: one file a command.

#[cfg(feature = "kube")]
pub mod cluster;
pub mod config;
pub mod doctor;
pub mod generate;
pub mod keys;
mod logged;
pub mod mongo_agent;
pub mod serve;
mod signals;

use std::{
    error::Error,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::config::{Config, ForAgent, Misconfigured, Sources};

/// Signs people in, with sessions that are kept in SQLite or MongoDB.
#[derive(Debug, Parser)]
#[command(
    name = "portcullis",
    version,
    after_help = "Without a command it serves.\n\nExample:\n  portcullis config"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Config(config::Args),
    Keys(keys::Args),
    Doctor(doctor::Args),
    #[cfg(feature = "kube")]
    Cluster(cluster::Args),
    MongoAgent(mongo_agent::Args),
    #[command(name = "gen", hide = true)]
    Generate(generate::Args),
}

/// Why a command failed.
#[derive(Debug)]
pub enum Failed {
    /// To be said to whoever typed the command.
    Said(Box<dyn Error + Send + Sync>),
    /// A line of the log, or what was printed, has said it.
    Logged,
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Said(error.into())
    }
}

impl Cli {
    /// 0 when it went well and 1 when it failed; clap says 2 to what it cannot parse.
    pub fn run(self) -> ExitCode {
        match self.outcome() {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failed::Said(error)) => {
                // Nobody is left to tell when standard error is closed.
                _ = writeln!(io::stderr(), "{error}");
                ExitCode::FAILURE
            }
            Err(Failed::Logged) => ExitCode::FAILURE,
        }
    }

    fn outcome(self) -> Result<(), Failed> {
        match self.command.unwrap_or(Command::Serve(serve::Args {})) {
            Command::Serve(_) => serve::run(configuration()),
            Command::Config(args) => Ok(config::run(&args, &configuration()?)?),
            Command::Keys(args) => Ok(keys::run(&args, &configuration()?)?),
            Command::Doctor(args) => doctor::run(args),
            #[cfg(feature = "kube")]
            Command::Cluster(args) => Ok(cluster::run(args)?),
            Command::MongoAgent(args) => mongo_agent::run(args, ForAgent::read(&Sources::of_process())),
            Command::Generate(args) => Ok(generate::run(&args)?),
        }
    }
}

fn configuration() -> Result<Config, Misconfigured> {
    Config::read(&Sources::of_process())
}

/// A reader who has seen enough, such as `head`, is no failure.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

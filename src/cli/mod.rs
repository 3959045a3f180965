//! The command line: one file a command.

pub mod backup;
#[cfg(feature = "kube")]
pub mod cluster;
pub mod config;
pub mod doctor;
pub mod events;
pub mod keys;
mod logged;
pub mod mongo_agent;
mod progress;
pub mod restore;
pub mod serve;
mod signals;
pub mod throttle;
pub mod users;

use std::{
    error::Error,
    fmt,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use tokio::runtime::{self, Runtime};

use crate::{
    config::{Config, ForAgent, Misconfigured, Sources},
    flows::Failure,
};

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
    Users(users::Args),
    Throttle(throttle::Args),
    Events(events::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Doctor(doctor::Args),
    #[cfg(feature = "kube")]
    Cluster(cluster::Args),
    MongoAgent(mongo_agent::Args),
}

/// Why a command failed.
#[derive(Debug)]
pub enum Failed {
    /// To be said to whoever typed the command.
    Said(Box<dyn Error + Send + Sync>),
    /// The same, where something is missing from the command.
    Misused(String),
    /// A line of the log, or what was printed, has said it.
    Logged,
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Said(error.into())
    }
}

impl Cli {
    /// 0 when it went well, 1 when it failed, 2 when it was misused; clap says so to what it cannot parse.
    pub fn run(self) -> ExitCode {
        match self.outcome() {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failed::Said(error)) => complain(&*error, ExitCode::FAILURE),
            Err(Failed::Misused(sentence)) => complain(&sentence, ExitCode::from(2)),
            Err(Failed::Logged) => ExitCode::FAILURE,
        }
    }

    fn outcome(self) -> Result<(), Failed> {
        match self.command.unwrap_or(Command::Serve(serve::Args {})) {
            Command::Serve(_) => serve::run(configuration()),
            Command::Config(args) => Ok(config::run(&args, &configuration()?)?),
            Command::Keys(args) => Ok(keys::run(&args, &configuration()?)?),
            Command::Users(args) => users::run(args, &without_keys()?),
            Command::Throttle(args) => throttle::run(&args, &configuration()?),
            Command::Events(args) => events::run(&args, &configuration()?),
            Command::Backup(args) => args.run(&without_keys()?),
            Command::Restore(args) => restore::run(args, &without_keys()?),
            Command::Doctor(args) => doctor::run(args),
            #[cfg(feature = "kube")]
            Command::Cluster(args) => Ok(cluster::run(args)?),
            Command::MongoAgent(args) => mongo_agent::run(args, ForAgent::read(&Sources::of_process())),
        }
    }
}

fn complain(what: &(impl fmt::Display + ?Sized), code: ExitCode) -> ExitCode {
    // Nobody is left to tell when standard error is closed.
    _ = writeln!(io::stderr(), "{what}");
    code
}

fn configuration() -> Result<Config, Misconfigured> {
    Config::read(&Sources::of_process())
}

/// For one thing after the other.
fn runtime() -> io::Result<Runtime> {
    runtime::Builder::new_current_thread().enable_all().build()
}

/// For work that packs and seals for long: connections are looked after on a thread of their own meanwhile.
fn runtime_beside() -> io::Result<Runtime> {
    runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()
}

/// For commands that may have to do without the key secret.
fn without_keys() -> Result<Config, Misconfigured> {
    Config::read_without_keys(&Sources::of_process())
}

/// One sentence, for the person at the terminal.
fn told<R: Error>(failure: Failure<R>) -> String {
    match failure {
        Failure::Refused(reason) => reason.to_string(),
        Failure::Raced | Failure::Throttled { .. } | Failure::Busy { .. } => {
            "somebody else is at it; try again".to_owned()
        }
        Failure::Unavailable(source) => format!("the store is unavailable: {source}"),
        Failure::OutcomeUnknown(source) => format!("nobody knows whether it was done: {source}"),
        Failure::Broken(source) => source.to_string(),
    }
}

/// `1 user`, `2 users`.
fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A reader who has seen enough, such as `head`, is no failure.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

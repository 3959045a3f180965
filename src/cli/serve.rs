//! `portcullis serve`, and `portcullis` alone: serves until it is told to stop.

use std::{error::Error, io, net::SocketAddr};

use clap::Parser;
use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
};

use tracing::Level;

use super::Failed;
use crate::{
    app::{App, CannotRun, Leave, World},
    config::{Config, LogFormat, Misconfigured},
    telemetry,
};

/// Serve until told to stop (the default).
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  PORTCULLIS_PUBLIC_LISTEN=127.0.0.1:8080 portcullis serve")]
pub struct Args {}

/// `Err` is for a person to read; who collects the log has it there.
pub fn run(config: Result<Config, Misconfigured>) -> Result<(), Failed> {
    let (format, level) = match &config {
        Ok(config) => (config.log.format, &*config.log.level),
        Err(misconfigured) => (misconfigured.log_format, "error"),
    };
    let _log = telemetry::start(
        match format {
            LogFormat::Text => telemetry::Format::Text,
            LogFormat::Json => telemetry::Format::Json,
        },
        level,
    );
    let ended = config.map_err(Into::into).and_then(|config| begin(&config).map_err(Into::into));
    ended.map_err(|error: Box<dyn Error + Send + Sync>| {
        if format == LogFormat::Json && tracing::enabled!(Level::ERROR) {
            // A line for each fault: whoever looks at a log sees lines.
            error.to_string().lines().for_each(|line| tracing::error!("{}", line.trim_start()));
            Failed::Logged
        } else {
            Failed::Said(error)
        }
    })
}

fn begin(config: &Config) -> Result<(), CannotRun> {
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    // The listeners have threads of their own; this one opens the store and waits for signals.
    runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(config))
}

async fn serve(config: &Config) -> Result<(), CannotRun> {
    let signals = Signals::listen()?;
    let app = App::build(config, World::real(config)?)?;
    let (public, internal) = (app.public()?, app.internal()?);
    app.run(|| say_ready(config, public, internal), signals.first()).await
}

/// What to try first, for people; the addresses, for programs.
fn say_ready(config: &Config, public: SocketAddr, internal: SocketAddr) {
    if config.log.format == LogFormat::Json {
        tracing::info!(%public, %internal, origin = %config.public.origin, "ready");
        return;
    }
    let origin = &config.public.origin;
    let scheme = if config.internal_tls.is_some() { "https" } else { "http" };
    tracing::info!(
        "ready\n\n  public    {origin} (listening on {public})\n  internal  {scheme}://{internal} (try /docs and /health)\n\n  \
         Sign somebody up:\n  curl -i {origin}/api/users/signup -H 'content-type: application/json' \\\n    \
         -d '{{\"email\":\"ada@example.org\",\"password\":\"correct horse battery\"}}'\n"
    );
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The first signal ends the service in good order; a second one ends the process.
    async fn first(mut self) -> Leave {
        let leave = tokio::select! {
            _ = self.interrupt.recv() => Leave::AtOnce,
            _ = self.terminate.recv() => Leave::AfterNotice,
        };
        tokio::spawn(self.second());
        leave
    }

    async fn second(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        std::process::exit(1);
    }
}

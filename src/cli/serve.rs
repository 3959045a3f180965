//! `portcullis serve`, and `portcullis` alone: serves until it is told to stop.

use std::{io, net::SocketAddr};

use clap::Parser;
use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
};

use crate::{
    app::{App, CannotRun, Leave, World},
    config::{Config, LogFormat},
    telemetry,
};

/// Serve until told to stop (the default).
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  PORTCULLIS_PUBLIC_LISTEN=127.0.0.1:8080 portcullis serve")]
pub struct Args {}

pub fn run(config: &Config) -> Result<(), CannotRun> {
    let format = match config.log.format {
        LogFormat::Text => telemetry::Format::Text,
        LogFormat::Json => telemetry::Format::Json,
    };
    let _log = telemetry::start(format, &config.log.level);
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
    tracing::info!(
        "ready\n\n  public    http://{public}\n  internal  http://{internal} (try /docs and /health)\n\n  \
         Sign somebody up:\n  curl -i http://{public}/api/users/signup -H 'content-type: application/json' \\\n    \
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

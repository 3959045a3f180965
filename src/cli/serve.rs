//! `portcullis serve`, and `portcullis` alone: serves until it is told to stop.

use std::{net::SocketAddr, time::Duration};

use clap::Parser;

use super::{
    Failed,
    logged::logged,
    runtime,
    signals::{Asked, Signals},
};
use crate::{
    app::{App, CannotRun, Leave, World},
    config::{self, Config, LogFormat, Misconfigured},
    telemetry::otlp::Otlp,
};

/// Serve until told to stop (the default).
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  PORTCULLIS_PUBLIC_LISTEN=127.0.0.1:8080 portcullis serve")]
pub struct Args {}

pub fn run(config: Result<Config, Misconfigured>) -> Result<(), Failed> {
    logged(config, |config| (&config.log, otlp(config)), |config| begin(&config))
}

fn otlp(config: &Config) -> Option<Otlp> {
    let config::Otlp { url, headers } = config.otlp.clone();
    Some(Otlp { url: url?, headers })
}

fn begin(config: &Config) -> Result<(), CannotRun> {
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    // The listeners have threads of their own; this one opens the store and waits for signals.
    let runtime = runtime()?;
    let served = runtime.block_on(serve(config));
    // A name server that does not answer is waited for by nobody.
    runtime.shutdown_background();
    served
}

async fn serve(config: &Config) -> Result<(), CannotRun> {
    let signals = Signals::listen()?;
    let app = App::build(config, World::real(config)?)?;
    let (public, internal) = (app.public()?, app.internal()?);
    let leave = async {
        match signals.first().await {
            Asked::AtTheKeyboard => Leave::AtOnce,
            Asked::ByAnOrchestrator => Leave::AfterNotice,
        }
    };
    app.run(|after| say_ready(config, public, internal, after), leave).await
}

/// What to try first, for people; the addresses, for programs.
fn say_ready(config: &Config, public: SocketAddr, internal: SocketAddr, after: Duration) {
    let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
    if config.log.format == LogFormat::Json {
        tracing::info!(%public, %internal, origin = %config.public.origin, after_ms, "ready");
        return;
    }
    let origin = &config.public.origin;
    let scheme = if config.internal_tls.is_some() { "https" } else { "http" };
    tracing::info!(
        "ready after {after_ms} ms\n\n  public    {origin} (listening on {public})\n  internal  {scheme}://{internal} (try /docs and /health)\n\n  \
         Sign somebody up:\n  curl -i {origin}/api/users/signup -H 'content-type: application/json' \\\n    \
         -d '{{\"email\":\"ada@example.org\",\"password\":\"correct horse battery\"}}'\n"
    );
}

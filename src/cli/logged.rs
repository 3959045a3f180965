//! Runs what goes on until it is told to end: with a log, which also gets to know why it ended.

use std::error::Error;

use tracing::Level;

use super::Failed;
use crate::{
    config::{Log, LogFormat, Misconfigured},
    telemetry::{self, otlp::Otlp},
};

/// `Err` is for a person to read; who collects the log has it there.
pub(super) fn logged<C, E: Into<Box<dyn Error + Send + Sync>>>(
    config: Result<C, Misconfigured>,
    log: fn(&C) -> (&Log, Option<Otlp>),
    run: impl FnOnce(C) -> Result<(), E>,
) -> Result<(), Failed> {
    let (format, level, otlp) = match &config {
        Ok(config) => {
            let (log, otlp) = log(config);
            (log.format, &*log.level, otlp)
        }
        Err(misconfigured) => (misconfigured.log_format, "error", None),
    };
    let _log = telemetry::start(
        match format {
            LogFormat::Text => telemetry::Format::Text,
            LogFormat::Json => telemetry::Format::Json,
        },
        level,
        otlp,
    );
    let ended = config.map_err(Into::into).and_then(|config| run(config).map_err(Into::into));
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

//! Logging and tracing: text for a person, JSON lines for a program, OTLP for a collector, and never a request that waits for them.
//!
//! `docs/logging.md` is the vocabulary. Spans of the target [`SPANS`] are for the collector alone and cost nothing without one.

mod fields;
mod json;
mod lines;
pub mod otlp;

use std::{
    io::{self, IsTerminal},
    panic::{self, PanicHookInfo},
};

use tracing_subscriber::{
    Layer, Registry,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use self::{
    json::Json,
    lines::{Lines, WrittenAtTheEnd},
    otlp::{Otlp, SentAtTheEnd},
};

/// The target of spans that are for a collector, and for no log.
const SPANS: &str = "otlp";

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// What is still to be sent or written when it goes is sent and written then.
pub struct Guard {
    _sent: Option<SentAtTheEnd>,
    _written: WrittenAtTheEnd,
}

type Part = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts logging for the whole process.
pub fn start(format: Format, level: &str, otlp: Option<Otlp>) -> Guard {
    let (lines, written) = Lines::start();
    let mut parts = vec![log(format, lines).with_filter(filter(level, LevelFilter::OFF)).boxed()];
    let exporter = otlp.map(|otlp| {
        let (layer, exporter) = otlp::layer(otlp);
        parts.push(layer.with_filter(filter(level, LevelFilter::INFO)).boxed());
        exporter
    });
    if tracing_subscriber::registry().with(parts).try_init().is_err() {
        tracing::debug!("logging had been started already");
    }
    panic::set_hook(Box::new(|panic| tracing::error!(place = %place(panic), "a panic")));
    Guard { _sent: exporter.and_then(otlp::Exporter::start), _written: written }
}

fn log(format: Format, lines: Lines) -> Part {
    match format {
        Format::Json => Json::to(lines).boxed(),
        Format::Text => {
            let text = fmt::layer().with_target(false).with_writer(lines);
            // It knows `NO_COLOR`, but not where it writes to.
            if io::stdout().is_terminal() { text.boxed() } else { text.with_ansi(false).boxed() }
        }
    }
}

/// Which events and spans somebody gets.
fn filter(level: &str, spans: LevelFilter) -> Targets {
    // What the HTTP machinery says of malformed requests is said to whoever sent them.
    let quiet = "actix_http=off,actix_server=warn,mongodb=warn,hickory_proto=warn,hickory_resolver=warn";
    let filter = format!("{quiet},{level}").parse::<Targets>();
    // It has been checked; a silent log would help nobody.
    filter.unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO)).with_target(SPANS, spans)
}

/// All that is said of a panic: its own words may quote what it was at, and that may be a secret.
fn place(panic: &PanicHookInfo<'_>) -> String {
    panic.location().map_or_else(|| "unknown".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use std::{panic::catch_unwind, sync::mpsc::channel, thread};

    use super::*;

    #[test]
    fn promise_5_of_a_panic_only_its_place_is_said() {
        let (said, heard) = channel();
        let (here, usual) = (thread::current().id(), panic::take_hook());
        panic::set_hook(Box::new(move |panic| {
            if thread::current().id() == here {
                said.send(place(panic)).unwrap();
            } else {
                usual(panic);
            }
        }));
        assert!(catch_unwind(|| panic!("with a secret in it")).is_err());
        let said = heard.recv().unwrap();
        assert!(said.starts_with(file!()) && !said.contains("secret"), "{said}");
    }
}

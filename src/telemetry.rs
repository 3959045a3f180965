//! Logging: friendly text on a terminal, JSON lines elsewhere, and never a request that waits for it.

use std::{
    io::{self, IsTerminal, Write},
    panic::{self, PanicHookInfo},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    fmt::MakeWriter,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Lines that wait to be written; when a reader of our output stalls, what is beyond them is dropped and not waited for.
const QUEUE: usize = 4096;

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// Starts logging for the whole process; what is still to be written when the guard goes is written then.
pub fn start(format: Format, level: &str) -> Guard {
    // What the HTTP machinery says of malformed requests is said to whoever sent them.
    let quiet = "actix_http=off,actix_server=warn,mongodb=warn,hickory_proto=warn,hickory_resolver=warn";
    let filter = format!("{quiet},{level}").parse::<Targets>();
    // It has been checked; a silent log would help nobody.
    let filter = filter.unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    let lines = Lines::start();
    let guard = Guard(lines.to.clone());
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        Format::Text => {
            let text = fmt::layer().with_target(false).with_writer(lines);
            // It knows `NO_COLOR`, but not where it writes to.
            let text = if io::stdout().is_terminal() { text } else { text.with_ansi(false) };
            registry.with(text).try_init()
        }
        Format::Json => registry
            .with(fmt::layer().json().flatten_event(true).with_target(false).with_writer(lines))
            .try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging had been started already");
    }
    panic::set_hook(Box::new(|panic| tracing::error!(place = %place(panic), "a panic")));
    guard
}

/// All that is said of a panic: its own words may quote what it was at, and that may be a secret.
fn place(panic: &PanicHookInfo<'_>) -> String {
    panic.location().map_or_else(|| "unknown".to_owned(), ToString::to_string)
}

/// Writes what waits to be written when it is dropped, unless nobody reads it.
pub struct Guard(SyncSender<Entry>);

impl Drop for Guard {
    fn drop(&mut self) {
        let (written, when_written) = sync_channel(1);
        if self.0.try_send(Entry::Mark(written)).is_ok() {
            let _ = when_written.recv_timeout(Duration::from_secs(1));
        }
    }
}

enum Entry {
    Line(Vec<u8>),
    /// Answered when everything before it has been written.
    Mark(SyncSender<()>),
}

/// Hands lines to the one thread that writes them.
struct Lines {
    to: SyncSender<Entry>,
    /// Lines that found no place since the last that did.
    lost: Arc<AtomicU64>,
}

/// One line in the making; handed over when it is complete.
struct Line<'a> {
    lines: &'a Lines,
    text: Vec<u8>,
}

impl Lines {
    fn start() -> Self {
        let (to, entries) = sync_channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        // Without the thread the channel is closed, and lines are dropped rather than waited for.
        let _ = thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&entries, &counted));
        Self { to, lost }
    }
}

/// Where standard output is gone there is nobody left to tell.
fn write_all(entries: &Receiver<Entry>, lost: &AtomicU64) {
    for entry in entries {
        match entry {
            Entry::Line(line) => {
                let _ = io::stdout().write_all(&line);
            }
            Entry::Mark(written) => {
                let _ = written.try_send(());
            }
        }
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ =
                writeln!(io::stderr(), "{lost} lines of log were lost: they came faster than they were read");
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: self, text: Vec::with_capacity(256) }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        if self.lines.to.try_send(Entry::Line(std::mem::take(&mut self.text))).is_err() {
            self.lines.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{panic::catch_unwind, sync::mpsc::channel};

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

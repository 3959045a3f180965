//! Logging: friendly text on a terminal, JSON lines elsewhere, and never a request that waits for it.

use std::{
    io::{self, Write},
    sync::mpsc::{SyncSender, TrySendError, sync_channel},
    thread,
};

use tracing_subscriber::{EnvFilter, fmt, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};

/// Lines that wait to be written; when a reader of our output stalls, what is beyond them is dropped and not waited for.
const QUEUE: usize = 4096;

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// Starts logging for the whole process; a second call changes nothing.
pub fn start(format: Format, level: &str) {
    // What the HTTP machinery says of malformed requests is said to whoever sent them.
    let quiet = "actix_http=off,actix_server=warn,mongodb=warn,hickory_proto=warn,hickory_resolver=warn";
    let filter = EnvFilter::new(format!("{quiet},{level}"));
    let lines = Lines::start();
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        Format::Text => registry.with(fmt::layer().with_target(false).with_writer(lines)).try_init(),
        Format::Json => registry
            .with(fmt::layer().json().flatten_event(true).with_target(false).with_writer(lines))
            .try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging had been started already");
    }
}

/// Hands lines to the one thread that writes them.
#[derive(Clone)]
struct Lines(SyncSender<Vec<u8>>);

/// One line in the making; handed over when it is complete.
struct Line {
    to: SyncSender<Vec<u8>>,
    text: Vec<u8>,
}

impl Lines {
    fn start() -> Self {
        let (sender, receiver) = sync_channel::<Vec<u8>>(QUEUE);
        let write = move || {
            for line in receiver {
                // Where standard output is gone there is nobody left to tell.
                let _ = io::stdout().write_all(&line);
            }
        };
        // Without the thread the channel is closed, and lines are dropped rather than waited for.
        let _ = thread::Builder::new().name("log".to_owned()).spawn(write);
        Self(sender)
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { to: self.0.clone(), text: Vec::with_capacity(256) }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        match self.to.try_send(std::mem::take(&mut self.text)) {
            Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        }
    }
}

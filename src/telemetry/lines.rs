//! Lines on their way to standard output: handed to the one thread that writes them, and never waited for.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

use crate::system::meters::lost;

/// Lines that wait to be written; when a reader of our output stalls, what is beyond them is dropped and not waited for.
const QUEUE: usize = 4096;

/// Writes what waits to be written when it is dropped, unless nobody reads it.
pub(super) struct WrittenAtTheEnd(SyncSender<Entry>);

impl Drop for WrittenAtTheEnd {
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
pub(super) struct Lines {
    to: SyncSender<Entry>,
    /// Lines that found no place since the last that did.
    lost: Arc<AtomicU64>,
}

/// One line in the making; handed over when it is complete.
pub(super) struct Line<'a> {
    lines: &'a Lines,
    text: Vec<u8>,
}

impl Lines {
    pub(super) fn start() -> (Self, WrittenAtTheEnd) {
        let (to, entries) = sync_channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        // Without the thread the channel is closed, and lines are dropped rather than waited for.
        let _ = thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&entries, &counted));
        let at_the_end = WrittenAtTheEnd(to.clone());
        (Self { to, lost }, at_the_end)
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
            lost::LINES.add_one();
        }
    }
}

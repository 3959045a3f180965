//! Sends what waits, batch after batch, on a thread of its own that nobody waits for.

use std::{
    io, mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, sync_channel},
    },
    thread,
    time::Duration,
};

use tokio::{runtime, sync::mpsc::Receiver, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::{Dispatch, dispatcher};

use super::{
    Exporter,
    collector::{Collector, NotTaken},
    record::{Line, Record, Span},
    wire::Resource,
};
use crate::{
    domain::{clock::random, hex::hex},
    system::{clock::Stopwatch, entropy::OsEntropy, meters::lost},
};

/// At most so many at once.
const BATCH: usize = 1024;

/// How long what is less than a batch waits for more.
const PAUSE: Duration = Duration::from_millis(500);

/// How long the end waits for what is left.
const FAREWELL: Duration = Duration::from_secs(2);

/// Between two lines of log that say that something was lost.
const SILENCE: Duration = Duration::from_mins(1);

/// Sends what is left when it is dropped, as far as there is time.
pub struct SentAtTheEnd {
    end: CancellationToken,
    ended: mpsc::Receiver<()>,
}

impl Drop for SentAtTheEnd {
    fn drop(&mut self) {
        self.end.cancel();
        let _ = self.ended.recv_timeout(FAREWELL);
    }
}

impl Exporter {
    /// `None` where there can be no thread; then what comes finds no place before long, and is dropped.
    pub fn start(self) -> Option<SentAtTheEnd> {
        let end = CancellationToken::new();
        let (done, ended) = sync_channel(1);
        // Where it says that something was lost; what it does itself is said nowhere, or it would have to be sent too.
        let log = dispatcher::get_default(Dispatch::clone);
        let stop = end.clone();
        let work = move || {
            let sent = dispatcher::with_default(&Dispatch::none(), || send_all(self, &log, &stop));
            if let Err(cause) = sent {
                dispatcher::with_default(&log, || tracing::error!(%cause, "nothing goes to the collector"));
            }
            let _ = done.try_send(());
        };
        thread::Builder::new().name("otlp".to_owned()).spawn(work).ok()?;
        Some(SentAtTheEnd { end, ended })
    }
}

/// Why there is nobody to send anything.
#[derive(Debug, thiserror::Error)]
enum NoSender {
    #[error(transparent)]
    Runtime(#[from] io::Error),
    #[error(transparent)]
    Collector(#[from] NotTaken),
}

fn send_all(exporter: Exporter, log: &Dispatch, end: &CancellationToken) -> Result<(), NoSender> {
    let Exporter { to, records, lost } = exporter;
    let instance = random::<16>(&OsEntropy).map(|bytes| hex(&bytes)).unwrap_or_default();
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let mut sender = Sender {
        collector: Collector::new(&to)?,
        resource: Resource::new(&instance),
        lost: Lost { count: lost, log: log.clone(), said: None, cause: None },
        records,
    };
    runtime.block_on(sender.send_until(end));
    Ok(())
}

struct Sender {
    collector: Collector,
    resource: Resource,
    records: Receiver<Record>,
    lost: Lost,
}

impl Sender {
    /// At the end everything that is there is sent, once.
    async fn send_until(&mut self, end: &CancellationToken) {
        while !end.is_cancelled() {
            if self.records.len() < BATCH {
                tokio::select! {
                    () = sleep(PAUSE) => {}
                    () = end.cancelled() => self.records.close(),
                }
            }
            self.send_a_batch().await;
        }
        self.records.close();
        while !self.records.is_empty() {
            self.send_a_batch().await;
        }
    }

    async fn send_a_batch(&mut self) {
        let (mut spans, mut lines) = (Vec::new(), Vec::new());
        while spans.len() + lines.len() < BATCH
            && let Ok(record) = self.records.try_recv()
        {
            match record {
                Record::Span(span) => spans.push(span),
                Record::Line(line) => lines.push(line),
            }
        }
        let (spans_taken, lines_taken) = tokio::join!(self.send_spans(&spans), self.send_lines(&lines));
        self.lost.note(spans_taken.err(), spans.len());
        self.lost.note(lines_taken.err(), lines.len());
        self.lost.say();
    }

    async fn send_spans(&self, spans: &[Span]) -> Result<(), NotTaken> {
        if spans.is_empty() { Ok(()) } else { self.collector.take_spans(&self.resource.spans(spans)).await }
    }

    async fn send_lines(&self, lines: &[Line]) -> Result<(), NotTaken> {
        if lines.is_empty() { Ok(()) } else { self.collector.take_lines(&self.resource.lines(lines)).await }
    }
}

/// What did not arrive, and when that was last said.
struct Lost {
    count: Arc<AtomicU64>,
    log: Dispatch,
    said: Option<Stopwatch>,
    cause: Option<NotTaken>,
}

impl Lost {
    /// What was not taken is not sent again: what is told of now is worth more than what is told of a minute ago.
    fn note(&mut self, cause: Option<NotTaken>, records: usize) {
        if let Some(cause) = cause {
            self.count.fetch_add(u64::try_from(records).unwrap_or(u64::MAX), Ordering::Relaxed);
            self.cause = Some(cause);
        }
    }

    fn say(&mut self) {
        if self.said.is_some_and(|said| said.elapsed() < SILENCE) {
            return;
        }
        let (count, cause) = (self.count.swap(0, Ordering::Relaxed), mem::take(&mut self.cause));
        if count > 0 {
            lost::RECORDS.add(count);
            let cause =
                cause.map_or_else(|| "they came faster than they went".to_owned(), |cause| cause.to_string());
            dispatcher::with_default(&self.log, || {
                tracing::warn!(lost = count, cause, "spans and lines did not reach the collector");
            });
            self.said = Some(Stopwatch::start());
        }
    }
}

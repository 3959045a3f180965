//! Spans and log lines on their way to a collector, by OTLP over HTTP in its JSON form (ADR 0026).

mod collector;
mod exporter;
mod layer;
mod record;
mod wire;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use secrecy::SecretString;
use tokio::sync::mpsc::{self, Receiver, Sender};
use url::Url;

pub use exporter::SentAtTheEnd;
use layer::Spans;
use record::Record;

/// What waits to be sent: a few megabytes at most, and what is beyond is dropped and counted.
const QUEUE: usize = 8192;

/// Where to, and what the collector asks to be told beside it.
#[derive(Clone, Debug)]
pub struct Otlp {
    /// Without the path of a signal.
    pub url: Url,
    pub headers: Vec<(String, SecretString)>,
}

/// The other end of the layer, until there is somebody to send what comes out of it.
pub struct Exporter {
    to: Otlp,
    records: Receiver<Record>,
    lost: Arc<AtomicU64>,
}

/// Where the layer leaves what it has noted.
struct Outbox {
    to: Sender<Record>,
    /// What found no place, or was not taken, since it was last said.
    lost: Arc<AtomicU64>,
}

/// What notes, and what sends once it is started.
pub fn layer(to: Otlp) -> (Spans, Exporter) {
    let (sender, records) = mpsc::channel(QUEUE);
    let lost = Arc::new(AtomicU64::new(0));
    let outbox = Outbox { to: sender, lost: Arc::clone(&lost) };
    (Spans::to(outbox), Exporter { to, records, lost })
}

impl Outbox {
    fn put(&self, record: Record) {
        if self.to.try_send(record).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::{
        super::fields::{Fields, Value},
        record::Line,
        *,
    };
    use crate::system::clock::wall;

    fn line(text: String) -> Record {
        let fields = Fields { message: text, named: vec![("cause", Value::Text("x".repeat(10_000)))] };
        Record::Line(Line { place: None, at: wall(), level: Level::INFO, fields: fields.shortened() })
    }

    #[test]
    fn what_waits_is_bounded_in_number_and_length_and_what_is_beyond_is_counted() {
        let url = "http://collector:4318".parse().unwrap();
        let (layer, mut exporter) = layer(Otlp { url, headers: Vec::new() });
        for n in 0..QUEUE + 10 {
            layer.0.put(line(format!("line {n} {}", "\u{e9}".repeat(10_000))));
        }
        assert_eq!(exporter.lost.load(Ordering::Relaxed), 10);
        assert_eq!(exporter.records.len(), QUEUE);
        let Ok(Record::Line(Line { fields, .. })) = exporter.records.try_recv() else { panic!("a line") };
        assert!(fields.message.starts_with("line 0") && fields.message.len() <= 1024);
        let lengths = fields.named.iter().map(|(_, value)| match value {
            Value::Text(text) => text.len(),
            _ => 0,
        });
        assert_eq!(lengths.max(), Some(1024));
    }
}

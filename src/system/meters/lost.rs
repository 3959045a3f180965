//! What we had to say and nobody took: counted for the whole process, as the log is one.

use super::Counter;

/// Lines of the log that came faster than they were read.
pub static LINES: Counter = Counter::new();

/// Spans and lines that did not reach the collector.
pub static RECORDS: Counter = Counter::new();

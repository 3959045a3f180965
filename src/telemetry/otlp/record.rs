//! What is sent: a span that has ended, or a line of the log.

use jiff::Timestamp;
use tracing::Level;

use super::super::fields::{Fields, Value};
use crate::domain::trace::{SpanId, TraceId};

pub(super) enum Record {
    Span(Span),
    Line(Line),
}

pub(super) struct Span {
    pub(super) place: Place,
    pub(super) parent: Option<SpanId>,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) begun: Timestamp,
    pub(super) ended: Timestamp,
    pub(super) fields: Fields,
}

pub(super) struct Line {
    /// `None` where nothing is traced.
    pub(super) place: Option<Place>,
    pub(super) at: Timestamp,
    pub(super) level: Level,
    pub(super) fields: Fields,
}

/// Where in which trace.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    /// Whether its spans are wanted; its lines are in any case.
    pub(super) sampled: bool,
}

/// Of which side of a call a span tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Internal = 1,
    Server = 2,
    Client = 3,
}

impl Kind {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "server" => Self::Server,
            "client" => Self::Client,
            _ => Self::Internal,
        }
    }
}

impl Fields {
    /// No text is so long that thousands of them fill our memory.
    pub(super) fn shortened(mut self) -> Self {
        shorten(&mut self.message);
        for (_, value) in &mut self.named {
            if let Value::Text(text) = value {
                shorten(text);
            }
        }
        self
    }
}

fn shorten(text: &mut String) {
    const LONGEST: usize = 1024;
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.shrink_to_fit();
    }
}

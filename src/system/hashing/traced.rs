//! What a collector is told of a hash: how long it waited for a slot, and how long it took.

use tracing::Span;

/// Nothing where there is no collector.
pub(super) struct Traced(Option<Box<Waiting>>);

struct Waiting {
    around: Span,
    _waits: Span,
}

impl Traced {
    pub(super) fn waits() -> Self {
        let waits = tracing::info_span!(target: "otlp", "hash_wait");
        let waiting = (!waits.is_disabled()).then(|| Waiting { around: Span::current(), _waits: waits });
        Self(waiting.map(Box::new))
    }

    /// Lasts as long as the hash.
    pub(super) fn begins(self) -> Span {
        let around = self.0.map(|waiting| waiting.around);
        around.map_or_else(Span::none, |around| tracing::info_span!(target: "otlp", parent: &around, "hash"))
    }
}

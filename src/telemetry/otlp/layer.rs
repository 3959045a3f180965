//! Notes spans as they end and lines as they are logged, and leaves them for whoever sends them.
//!
//! Some fields of a span are not what it tells but how to tell it: `otel.kind` is `server` or `client`; `trace_id`,
//! `parent_id` and `sampled` continue a trace that somebody else began, and `sampled` alone begins one.

use jiff::Timestamp;
use tracing::{
    Event, Subscriber,
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer,
    layer::Context,
    registry::{LookupSpan, Scope},
};

use super::{
    super::{
        SPANS,
        fields::{Fields, Value},
    },
    Outbox,
    record::{Kind, Line, Place, Record, Span},
};
use crate::{
    domain::{
        clock::NoEntropy,
        trace::{SpanId, TraceId},
    },
    system::{clock::wall, entropy::OsEntropy},
};

pub struct Spans(pub(super) Outbox);

/// A span that goes on.
struct Open {
    place: Place,
    parent: Option<SpanId>,
    kind: Kind,
    begun: Timestamp,
    fields: Fields,
}

impl Spans {
    pub(super) const fn to(outbox: Outbox) -> Self {
        Self(outbox)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|span| span.metadata().target() == SPANS) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Ok(Some(open)) = open(fields, place(span.scope())) {
            span.extensions_mut().insert(open);
        }
    }

    fn on_record(&self, id: &Id, values: &tracing::span::Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            values.record(&mut open.fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let place = context.event_scope(event).and_then(place);
        let level = *event.metadata().level();
        self.0.put(Record::Line(Line { place, at: wall(), level, fields: fields.shortened() }));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(open) = span.extensions_mut().remove::<Open>() else { return };
        if open.place.sampled {
            let Open { place, parent, kind, begun, fields } = open;
            let (name, ended, fields) = (span.metadata().name(), wall(), fields.shortened());
            self.0.put(Record::Span(Span { place, parent, name, kind, begun, ended, fields }));
        }
    }
}

/// That of the innermost span which has one.
fn place<'a, S: LookupSpan<'a>>(scope: Scope<'a, S>) -> Option<Place> {
    scope.into_iter().find_map(|span| span.extensions().get::<Open>().map(|open| open.place))
}

/// `None` for what belongs to no trace and begins none, such as a probe of the store.
fn open(mut fields: Fields, around: Option<Place>) -> Result<Option<Open>, NoEntropy> {
    let kind = fields.take_text("otel.kind").map(|name| Kind::named(&name)).unwrap_or_default();
    let sampled = fields.take("sampled").map(|sampled| sampled == Value::Truth(true));
    let given = fields.take_text("trace_id").and_then(|trace| trace.parse().ok());
    let given_parent = fields.take_text("parent_id").and_then(|parent| parent.parse().ok());
    let span = SpanId::generate(&OsEntropy)?;
    let (place, parent) = match (around, sampled) {
        (Some(Place { span: parent, .. }), _) => (around.map(|place| Place { span, ..place }), Some(parent)),
        (None, None) => (None, None),
        (None, Some(sampled)) => {
            let trace = given.map_or_else(|| TraceId::generate(&OsEntropy), Ok)?;
            (Some(Place { trace, span, sampled }), given_parent)
        }
    };
    Ok(place.map(|place| Open { place, parent, kind, begun: wall(), fields }))
}

//! A log for programs: one JSON object a line, flat, with what the request is called on every line that is about it.

use std::io::Write as _;

use serde::{Serializer as _, ser::SerializeMap as _};
use tracing::{Event, Subscriber, span};
use tracing_subscriber::{
    Layer,
    fmt::MakeWriter as _,
    layer::Context,
    registry::{LookupSpan, Scope},
};

use super::{
    fields::{Fields, Value},
    lines::Lines,
};
use crate::system::clock::wall;

pub(super) struct Json(Lines);

/// What a span adds to each line within it.
struct Around(Vec<(&'static str, Value)>);

impl Json {
    pub(super) const fn to(lines: Lines) -> Self {
        Self(lines)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Json {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(Around(fields.named));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = self.0.make_writer();
        // To memory, which does not fail.
        let _ = write(&mut line, event, &fields, context.event_scope(event));
        let _ = line.write_all(b"\n");
    }
}

/// A name that the event has itself counts, and is written once.
fn write<S: for<'a> LookupSpan<'a>>(
    to: impl std::io::Write,
    event: &Event<'_>,
    fields: &Fields,
    scope: Option<Scope<'_, S>>,
) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Serializer::new(to);
    let mut map = json.serialize_map(None)?;
    map.serialize_entry("timestamp", &format_args!("{:.6}", wall()))?;
    map.serialize_entry("level", event.metadata().level().as_str())?;
    map.serialize_entry("message", &fields.message)?;
    for (name, value) in &fields.named {
        map.serialize_entry(name, value)?;
    }
    for span in scope.into_iter().flatten() {
        if let Some(Around(named)) = span.extensions().get() {
            let new = named.iter().filter(|(name, _)| fields.named.iter().all(|(said, _)| said != name));
            for (name, value) in new {
                map.serialize_entry(name, value)?;
            }
        }
    }
    map.end()
}

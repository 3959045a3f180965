//! How a collector wants it: the JSON form of OTLP's messages, with ids in hexadecimal and whole numbers as text.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tracing::Level;

use super::{
    super::fields::{Fields, Value},
    record::{Line, Place, Span},
};

/// Who says all this.
pub(super) struct Resource(Json);

impl Resource {
    pub(super) fn new(instance: &str) -> Self {
        let attributes = [
            ("service.name", "portcullis"),
            ("service.version", env!("CARGO_PKG_VERSION")),
            ("service.instance.id", instance),
        ];
        let attributes = attributes.map(|(name, value)| attribute(name, &Value::Text(value.to_owned())));
        Self(json!({ "attributes": attributes }))
    }

    pub(super) fn spans(&self, spans: &[Span]) -> Json {
        let spans: Vec<_> = spans.iter().map(span).collect();
        json!({"resourceSpans": [{"resource": self.0, "scopeSpans": [{"scope": scope(), "spans": spans}]}]})
    }

    pub(super) fn lines(&self, lines: &[Line]) -> Json {
        let lines: Vec<_> = lines.iter().map(line).collect();
        json!({"resourceLogs": [{"resource": self.0, "scopeLogs": [{"scope": scope(), "logRecords": lines}]}]})
    }
}

fn scope() -> Json {
    json!({ "name": "portcullis" })
}

fn span(span: &Span) -> Json {
    let mut told = json!({
        "name": name(span),
        "kind": span.kind as u8,
        "startTimeUnixNano": nanos(span.begun),
        "endTimeUnixNano": nanos(span.ended.max(span.begun)),
        "attributes": attributes(&span.fields),
    });
    put(&mut told, &ids(&span.place));
    if let Some(parent) = span.parent {
        put(&mut told, &json!({ "parentSpanId": parent.to_string() }));
    }
    if failed(&span.fields) {
        put(&mut told, &json!({ "status": { "code": 2 } }));
    }
    told
}

/// A request is called after what was asked for.
fn name(span: &Span) -> String {
    let mut name = String::new();
    for wanted in ["http.request.method", "http.route"] {
        if let Some(Value::Text(text)) = find(&span.fields, wanted) {
            let _ = write!(name, "{}{text}", if name.is_empty() { "" } else { " " });
        }
    }
    if name.is_empty() { span.name.to_owned() } else { name }
}

/// What the caller did wrong is no failure of ours.
fn failed(fields: &Fields) -> bool {
    matches!(find(fields, "http.response.status_code"), Some(Value::Whole(500..)))
        || find(fields, "error.type").is_some()
}

fn find<'a>(fields: &'a Fields, wanted: &str) -> Option<&'a Value> {
    fields.named.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

fn line(line: &Line) -> Json {
    let (severity, text) = severity(line.level);
    let mut told = json!({
        "timeUnixNano": nanos(line.at),
        "observedTimeUnixNano": nanos(line.at),
        "severityNumber": severity,
        "severityText": text,
        "body": { "stringValue": line.fields.message },
        "attributes": attributes(&line.fields),
    });
    if let Some(place) = &line.place {
        put(&mut told, &ids(place));
    }
    told
}

const fn severity(level: Level) -> (u8, &'static str) {
    match level {
        Level::TRACE => (1, "TRACE"),
        Level::DEBUG => (5, "DEBUG"),
        Level::INFO => (9, "INFO"),
        Level::WARN => (13, "WARN"),
        Level::ERROR => (17, "ERROR"),
    }
}

fn ids(place: &Place) -> Json {
    json!({
        "traceId": place.trace.to_string(),
        "spanId": place.span.to_string(),
        "flags": u8::from(place.sampled),
    })
}

fn put(into: &mut Json, more: &Json) {
    if let (Some(into), Some(more)) = (into.as_object_mut(), more.as_object()) {
        into.extend(more.clone());
    }
}

fn attributes(fields: &Fields) -> Vec<Json> {
    fields.named.iter().map(|(name, value)| attribute(name, value)).collect()
}

fn attribute(name: &str, value: &Value) -> Json {
    let value = match value {
        Value::Text(text) => json!({ "stringValue": text }),
        Value::Whole(number) => json!({ "intValue": number.to_string() }),
        Value::Real(number) => json!({ "doubleValue": number }),
        Value::Truth(truth) => json!({ "boolValue": truth }),
    };
    json!({ "key": name, "value": value })
}

fn nanos(at: Timestamp) -> String {
    at.as_nanosecond().to_string()
}

//! The variables of the collector.

use super::super::{
    otlp,
    variable::{Allowed::Described, Unset::Always, Variable},
};

pub(super) const URL: Variable = Variable {
    name: "PORTCULLIS_OTLP_URL",
    meaning: "Where a collector takes traces and logs, by OTLP over HTTP with JSON; `/v1/traces` and `/v1/logs` are put behind it. Unset, nothing is sent \
              and nothing is traced. `docs/logging.md` says what arrives.",
    allowed: Described("an http or https URL without a name or a password in it"),
    default: Always(""),
    example: "http://collector.monitoring:4318",
    mask: Some(otlp::masked),
};

pub(super) const HEADERS: Variable = Variable {
    name: "PORTCULLIS_OTLP_HEADERS",
    meaning: "What the collector is told with everything, such as who we are. What is secret should go by https.",
    allowed: Described("NAME=VALUE, several separated by commas, the values percent-encoded"),
    default: Always(""),
    // Not one that somebody might copy.
    example: "authorization=Bearer%20TOKEN",
    mask: Some(super::masked),
};

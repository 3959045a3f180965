//! From where something was asked for, and how its traces are found elsewhere.

use std::fmt;

use crate::domain::{device::Device, hex::hex};

/// Of one request. A command has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    pub device: Device,
    pub request: Option<RequestName>,
    pub trace: Option<TraceId>,
}

/// What a request is called in the log and in its answer: ours, or what a trusted proxy gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestName(String);

impl RequestName {
    /// Only what can be written into a log and a header as it is.
    pub fn parse(text: &str) -> Option<Self> {
        let plain =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        (plain && (8..=128).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which trace a request belongs to, as W3C's `traceparent` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

impl TraceId {
    /// Zeros name none.
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        (bytes != [0; 16]).then_some(Self(bytes))
    }

    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Of a `traceparent` of any version, as the specification has it read: `00-<32 digits>-<16 digits>-<2 digits>`.
    pub fn of_traceparent(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_whole = version != "ff" && (version != "00" || parts.next().is_none());
        let lengths = [(version, 2), (trace, 32), (parent, 16), (flags, 2)];
        let is_hex = |(text, length): (&str, usize)| text.len() == length && text.bytes().all(is_digit);
        let is_none = parent.bytes().all(|digit| digit == b'0');
        if !is_whole || is_none || !lengths.into_iter().all(is_hex) {
            return None;
        }
        Self::parse(trace)
    }

    pub fn parse(text: &str) -> Option<Self> {
        u128::from_str_radix(text, 16)
            .ok()
            .filter(|_| text.len() == 32 && text.bytes().all(is_digit))
            .and_then(|number| Self::from_bytes(number.to_be_bytes()))
    }
}

const fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_traceparent_names_a_trace() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let of = |header: &str| TraceId::of_traceparent(header).map(|id| id.to_string());
        let found = Some(trace.to_owned());
        assert_eq!(of(&format!("00-{trace}-00f067aa0ba902b7-01")), found);
        assert_eq!(of(&format!("01-{trace}-00f067aa0ba902b7-01-more")), found, "a version to come");
        for wrong in [
            format!("00-{trace}-00f067aa0ba902b7-01-more"),
            format!("ff-{trace}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{trace}-0000000000000000-01"),
            format!("00-+{}-00f067aa0ba902b7-01", &trace[1..]),
            format!("00-{trace}"),
            String::new(),
        ] {
            assert_eq!(of(&wrong), None, "{wrong}");
        }
    }
}

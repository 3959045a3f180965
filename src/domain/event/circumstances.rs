//! From where something was asked for, and how its traces are found elsewhere.

use std::net::IpAddr;

use crate::domain::{device::Device, trace::TraceId};

/// Of one request. A command has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    pub device: Device,
    /// Whom it is counted with where everybody gets a share; nobody where that cannot be told.
    pub network: Option<IpAddr>,
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

//! What joins all that happens because of one request, in whatever program: the trace id of W3C Trace Context.

use std::{fmt, str::FromStr};

use super::{
    clock::{Entropy, NoEntropy, random},
    hex::{hex, unhex},
};

/// 16 bytes that are not all zero, written as 32 hexadecimal digits in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// It is not a trace id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a trace id is 32 hexadecimal digits in lower case, not all of them zero")]
pub struct NotATraceId;

impl TraceId {
    /// Begins a trace.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let bytes = random(entropy)?;
        Ok(Self(if bytes == [0; 16] { [1; 16] } else { bytes }))
    }
}

impl FromStr for TraceId {
    type Err = NotATraceId;

    fn from_str(text: &str) -> Result<Self, NotATraceId> {
        digits(text).map(Self).ok_or(NotATraceId)
    }
}

/// Exactly so many bytes in lower case, not all zero.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = unhex(text).filter(|_| !text.bytes().any(|b| b.is_ascii_uppercase()))?;
    bytes.try_into().ok().filter(|bytes| *bytes != [0; N])
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_id_is_written_as_it_was_read() {
        let text = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(text.parse::<TraceId>().unwrap().to_string(), text);
    }

    #[test]
    fn what_is_no_trace_id_is_refused() {
        for text in [
            "",
            "0af7651916cd43dd8448eb211c80319",
            "0af7651916cd43dd8448eb211c80319c00",
            "0AF7651916CD43DD8448EB211C80319C",
            "0af7651916cd43dd8448eb211c80319g",
            "00000000000000000000000000000000",
        ] {
            assert_eq!(text.parse::<TraceId>(), Err(NotATraceId), "{text:?}");
        }
    }
}

//! What joins all that happens because of one request, in whatever program: the ids of W3C Trace Context.

use std::{fmt, str::FromStr};

use super::{
    clock::{Entropy, NoEntropy, random},
    hex::{hex, unhex},
};

/// 16 bytes that are not all zero, written as 32 hexadecimal digits in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// One thing that was done in a trace: 8 bytes that are not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

/// It is not an id of a trace, or of a span in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("such an id is 32 or 16 hexadecimal digits in lower case, not all of them zero")]
pub struct NotAnId;

macro_rules! id {
    ($id:ident) => {
        impl $id {
            pub fn generate(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
                let mut id = Self(random(entropy)?);
                // All zero means that there is none.
                if id.0.iter().all(|byte| *byte == 0) {
                    id.0.fill(1);
                }
                Ok(id)
            }
        }

        impl FromStr for $id {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                digits(text).map(Self).ok_or(NotAnId)
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($id))
            }
        }
    };
}

id!(TraceId);

impl TraceId {
    /// Zeros name none.
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        (bytes != [0; 16]).then_some(Self(bytes))
    }

    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

id!(SpanId);

/// Exactly so many bytes in lower case, not all zero.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = unhex(text).filter(|_| !text.bytes().any(|b| b.is_ascii_uppercase()))?;
    bytes.try_into().ok().filter(|bytes| *bytes != [0; N])
}

/// What the header `traceparent` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    pub trace: TraceId,
    pub span: SpanId,
    /// Whether whoever asked records what they do.
    pub sampled: bool,
}

impl FromStr for TraceParent {
    type Err = NotAnId;

    /// Of a later version than ours the beginning is understood, and what follows it left alone.
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let mut parts = text.splitn(5, '-');
        let mut part = || parts.next().unwrap_or_default();
        let (version, trace, span, flags) = (part(), part(), part(), part());
        let (version, flags) = (byte(version)?, byte(flags)?);
        if version == u8::MAX || (version == 0 && parts.next().is_some()) {
            return Err(NotAnId);
        }
        Ok(Self { trace: trace.parse()?, span: span.parse()?, sampled: flags & 1 == 1 })
    }
}

fn byte(text: &str) -> Result<u8, NotAnId> {
    let lower = Some(text).filter(|text| !text.bytes().any(|b| b.is_ascii_uppercase()));
    match lower.and_then(unhex).as_deref() {
        Some([byte]) => Ok(*byte),
        _ => Err(NotAnId),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn an_id_is_written_as_it_was_read() {
        assert_eq!(TRACE.parse::<TraceId>().unwrap().to_string(), TRACE);
        assert_eq!(SPAN.parse::<SpanId>().unwrap().to_string(), SPAN);
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
            assert_eq!(text.parse::<TraceId>(), Err(NotAnId), "{text:?}");
        }
    }

    #[test]
    fn a_traceparent_says_which_trace_goes_on_and_whether_it_is_recorded() {
        let (trace, span) = (TRACE.parse().unwrap(), SPAN.parse().unwrap());
        for (text, sampled) in [
            (format!("00-{TRACE}-{SPAN}-01"), true),
            (format!("00-{TRACE}-{SPAN}-00"), false),
            (format!("00-{TRACE}-{SPAN}-03"), true),
            (format!("cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like"), true),
        ] {
            assert_eq!(text.parse(), Ok(TraceParent { trace, span, sampled }), "{text}");
        }
    }

    #[test]
    fn what_is_no_traceparent_is_refused() {
        for text in [
            String::new(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-0A"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{SPAN}-{TRACE}-01"),
            format!(" 00-{TRACE}-{SPAN}-01"),
        ] {
            assert_eq!(text.parse::<TraceParent>(), Err(NotAnId), "{text:?}");
        }
    }
}

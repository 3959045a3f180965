//! A text with gaps, `{{link}}`, that are filled with facts.

use std::fmt::Write as _;

/// What a gap can be filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// Where to go; it carries the token.
    Link,
    /// The host that people know the service by.
    Host,
    /// How long the link holds, in words.
    Lifetime,
    /// The day on which something will happen.
    Day,
    /// Of a frame: what is framed.
    Body,
}

/// Read once, and known to have no gap that nobody fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Gap(Gap),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("a gap that begins with {{{{ does not end with }}}}")]
    Open,
    #[error(
        "there is nothing to fill {{{{{0}}}}} with; there are link, host, lifetime and day, and body for a frame"
    )]
    Unknown(String),
}

impl Gap {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "link" => Self::Link,
            "host" => Self::Host,
            "lifetime" => Self::Lifetime,
            "day" => Self::Day,
            "body" => Self::Body,
            _ => return None,
        })
    }
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, Unreadable> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").ok_or(Unreadable::Open)?;
            let gap = Gap::named(name.trim()).ok_or_else(|| Unreadable::Unknown(name.trim().to_owned()))?;
            pieces.extend([Piece::Text(before.to_owned()), Piece::Gap(gap)]);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    pub(super) fn has(&self, gap: Gap) -> bool {
        self.0.contains(&Piece::Gap(gap))
    }

    /// `fill` says what stands in a gap, in the words of this kind of text.
    pub(super) fn fill(&self, fill: impl Fn(Gap) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Gap(gap) => fill(*gap),
        };
        self.0.iter().map(piece).collect()
    }
}

/// What may stand in HTML, also within quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' | '<' | '>' | '"' | '\'' => {
                // Writing to a string cannot fail.
                let _ = write!(safe, "&#{};", u32::from(letter));
            }
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_and_the_rest_is_as_it_was() {
        let template = Template::parse("To {{ host }}: {{link}}. {\"a\": {}}").unwrap();
        let filled = template.fill(|gap| format!("<{gap:?}>"));
        assert_eq!(filled, "To <Host>: <Link>. {\"a\": {}}");
        assert!(template.has(Gap::Link) && !template.has(Gap::Day));
    }

    #[test]
    fn a_gap_that_nobody_fills_is_found_when_it_is_read() {
        assert_eq!(Template::parse("{{link}").unwrap_err(), Unreadable::Open);
        let unknown = Template::parse("Dear {{name}}").unwrap_err();
        assert!(unknown.to_string().contains("{{name}}"), "{unknown}");
    }

    #[test]
    fn nothing_breaks_out_of_html() {
        assert_eq!(escaped("a&<b>\"'"), "a&#38;&#60;b&#62;&#34;&#39;");
    }
}

//! What the service answers: S3's XML, as far as it matters here.

use reqwest::{StatusCode, header::HeaderMap};

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name)?.to_str().ok().map(str::to_owned)
    }

    pub(super) fn length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }
}

/// What stands in each element of this name; in S3's answers none stands in another of its own name.
pub(super) fn texts<'a>(xml: &'a str, element: &str) -> impl Iterator<Item = String> + use<'a> {
    let (opening, closing) = (format!("<{element}>"), format!("</{element}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&opening)?;
        let (text, after) = after.split_once(&closing)?;
        rest = after;
        Some(if text.contains('<') { text.to_owned() } else { unescaped(text) })
    })
}

/// Why it refused.
pub(super) fn complaint(answer: &Answer) -> String {
    let xml = answer.text();
    let of = |element| texts(&xml, element).next().unwrap_or_default();
    format!("{} {}", of("Code"), of("Message")).trim().to_owned()
}

fn unescaped(text: &str) -> String {
    let named =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&apos;", "'"), ("&#39;", "'")];
    let text = named.iter().fold(text.to_owned(), |text, (name, means)| text.replace(name, means));
    text.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_in_turn_and_unescaped() {
        let page = "<R><Contents><Key>a&amp;lt;b</Key><Size>7</Size></Contents><Contents><Key>c</Key></Contents></R>";
        let entries: Vec<_> = texts(page, "Contents").collect();
        assert_eq!(entries.len(), 2);
        assert_eq!(texts(&entries[0], "Key").collect::<Vec<_>>(), ["a&lt;b"]);
        assert_eq!(texts(&entries[0], "Size").collect::<Vec<_>>(), ["7"]);
        assert_eq!(texts("<Key>cut", "Key").count(), 0);
    }
}

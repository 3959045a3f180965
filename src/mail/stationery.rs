//! The words of each kind of mail: those that come along, or those of files in a folder.

use std::{
    fs::File,
    io::{self, ErrorKind, Read},
    path::Path,
};

use zeroize::Zeroizing;

use super::{
    Words,
    template::{Gap, Template, Unreadable, escaped},
};
use crate::domain::letter::LetterKind;

/// Every kind of mail in its words.
pub struct Stationery {
    frame: Template,
    pages: Vec<(&'static str, Page)>,
}

struct Page {
    subject: Template,
    text: Template,
    html: Template,
}

/// What one letter tells beside what all of its kind do.
#[derive(Default)]
pub struct Facts<'a> {
    pub link: Option<&'a str>,
    pub host: &'a str,
    pub lifetime: String,
    pub day: String,
}

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("{file}: {source}")]
    Unread { file: String, source: io::Error },
    #[error("{file}: {reason}")]
    Wrong { file: String, reason: String },
}

/// No template is longer.
const LONGEST: u64 = 64 * 1024;

macro_rules! embedded {
    ($($name:literal),+) => {
        [$((
            $name,
            include_str!(concat!("templates/", $name, ".txt")),
            include_str!(concat!("templates/", $name, ".html")),
        )),+]
    };
}

const FRAME: &str = include_str!("templates/frame.html");
const EMBEDDED: [(&str, &str, &str); 11] = embedded!(
    "verify",
    "reset",
    "regained",
    "signed_up_again",
    "password_changed",
    "move",
    "moved",
    "moved_again",
    "returned",
    "taken",
    "leaving"
);

impl Stationery {
    /// Each file that is missing is the one that comes along.
    pub fn read(folder: Option<&Path>) -> Result<Self, Unusable> {
        let frame = template("frame.html", &given(folder, "frame.html", FRAME)?)?;
        must_have(&frame, Gap::Body, "frame.html")?;
        let page = |(name, text, html)| Ok((name, Page::read(folder, name, text, html)?));
        Ok(Self { frame, pages: EMBEDDED.into_iter().map(page).collect::<Result<_, _>>()? })
    }

    /// `None` where there are no words for it, which cannot be.
    pub fn write(&self, kind: LetterKind, facts: &Facts<'_>) -> Option<Words> {
        let name = match (kind, facts.link) {
            (LetterKind::Moved, None) => "moved_again",
            _ => kind.as_str(),
        };
        let (_, page) = self.pages.iter().find(|(other, _)| *other == name)?;
        let fact = |gap| match gap {
            Gap::Link => facts.link.unwrap_or_default().to_owned(),
            Gap::Host => facts.host.to_owned(),
            Gap::Lifetime => facts.lifetime.clone(),
            Gap::Day => facts.day.clone(),
            Gap::Body => String::new(),
        };
        let body = page.html.fill(|gap| escaped(&fact(gap)));
        let framed = |gap| if gap == Gap::Body { body.clone() } else { escaped(&fact(gap)) };
        Some(Words {
            // A line break in it would be another header.
            subject: page.subject.fill(fact).replace(char::is_control, " "),
            text: Zeroizing::new(page.text.fill(fact)),
            html: Zeroizing::new(self.frame.fill(framed)),
        })
    }
}

impl Page {
    /// The first line of the text is the subject. A mail that asks for something has to say where to go.
    fn read(folder: Option<&Path>, name: &str, text: &str, html: &str) -> Result<Self, Unusable> {
        let (text_file, html_file) = (format!("{name}.txt"), format!("{name}.html"));
        let whole = given(folder, &text_file, text)?;
        let parts = whole.strip_prefix("Subject: ").and_then(|rest| rest.split_once('\n'));
        let (subject, text) =
            parts.ok_or_else(|| wrong(&text_file, "its first line is not \"Subject: …\""))?;
        let page = Self {
            subject: template(&text_file, subject.trim())?,
            text: template(&text_file, text.trim_start())?,
            html: template(&html_file, &given(folder, &html_file, html)?)?,
        };
        if matches!(name, "verify" | "reset" | "regained" | "signed_up_again" | "move" | "moved") {
            must_have(&page.text, Gap::Link, &text_file)?;
            must_have(&page.html, Gap::Link, &html_file)?;
        }
        if page.subject.has(Gap::Link) {
            return Err(wrong(&text_file, "a subject may not carry the link"));
        }
        Ok(page)
    }
}

fn given(folder: Option<&Path>, file: &str, embedded: &str) -> Result<String, Unusable> {
    let Some(path) = folder.map(|folder| folder.join(file)) else { return Ok(embedded.to_owned()) };
    let mut text = String::new();
    let read = File::open(&path).and_then(|found| found.take(LONGEST + 1).read_to_string(&mut text));
    match read {
        Ok(length) if length as u64 > LONGEST => Err(wrong(file, "it is longer than 64 KiB")),
        Ok(_) => Ok(text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(embedded.to_owned()),
        Err(source) => Err(Unusable::Unread { file: path.display().to_string(), source }),
    }
}

fn template(file: &str, text: &str) -> Result<Template, Unusable> {
    Template::parse(text).map_err(|unreadable: Unreadable| wrong(file, &unreadable.to_string()))
}

fn must_have(template: &Template, gap: Gap, file: &str) -> Result<(), Unusable> {
    if template.has(gap) {
        return Ok(());
    }
    let name = if gap == Gap::Body { "body" } else { "link" };
    Err(wrong(file, &format!("there is no {{{{{name}}}}} in it")))
}

fn wrong(file: &str, reason: &str) -> Unusable {
    Unusable::Wrong { file: file.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_words_for_every_kind_and_no_gap_is_left() {
        let stationery = Stationery::read(None).unwrap();
        for kind in LetterKind::ALL {
            for link in [Some("https://ticketing.dev/account/x#token=pcm_1"), None] {
                let facts = Facts {
                    link,
                    host: "ticketing.dev",
                    lifetime: "one hour".to_owned(),
                    day: "1 May 2100".to_owned(),
                };
                let words = stationery.write(kind, &facts).unwrap();
                let all = format!("{}{}{}", words.subject, *words.text, *words.html);
                assert!(!all.contains("{{") && !all.contains("}}"), "{all}");
                assert!(all.contains("ticketing.dev"), "{kind:?} does not say where it comes from");
            }
        }
    }

    #[test]
    fn what_is_framed_is_safe_html() {
        let stationery = Stationery::read(None).unwrap();
        let facts =
            Facts { link: Some("https://a.dev/?a=1&b=\"><script>"), host: "a.dev", ..Facts::default() };
        let words = stationery.write(LetterKind::Reset, &facts).unwrap();
        assert!(words.html.contains("a=1&#38;b=&#34;&#62;&#60;script&#62;"), "{}", *words.html);
        assert!(!words.html.contains("<script>"));
    }
}

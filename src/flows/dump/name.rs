//! What a backup's file is called: by its moment, so that the order of names is that of time.

use std::fmt;

use jiff::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    const BEGINNING: &str = "portcullis-";
    /// What it ends in says how to read it: `age -d FILE | gunzip`.
    const PLAIN: &str = ".jsonl.gz";
    const SEALED: &str = ".jsonl.gz.age";

    pub fn new(at: Timestamp, sealed: bool) -> Self {
        let ending = if sealed { Self::SEALED } else { Self::PLAIN };
        Self(format!("{}{}{ending}", Self::BEGINNING, at.strftime("%Y%m%dT%H%M%S.%3fZ")))
    }

    /// `None` for what is no backup of ours, which nobody here ever removes.
    pub fn parse(name: &str) -> Option<Self> {
        let moment = name.strip_prefix(Self::BEGINNING)?;
        let moment = moment.strip_suffix(Self::SEALED).or_else(|| moment.strip_suffix(Self::PLAIN))?;
        let digits = moment.bytes().filter(u8::is_ascii_digit).count();
        (digits == 17 && moment.len() == 20).then(|| Self(name.to_owned()))
    }

    /// A file that somebody names, whatever it is called.
    pub const fn given(name: String) -> Self {
        Self(name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_time_and_others_files_are_left_alone() {
        let at = |text: &str| Name::new(text.parse().unwrap(), true);
        let [first, second] = ["2026-11-21T09:08:07.006Z", "2026-11-21T09:08:07.106Z"].map(at);
        assert_eq!(first.as_str(), "portcullis-20261121T090807.006Z.jsonl.gz.age");
        assert!(first < second);
        for name in [first.as_str(), Name::new(Timestamp::UNIX_EPOCH, false).as_str()] {
            assert_eq!(Name::parse(name).unwrap().as_str(), name);
            assert_eq!(Name::parse(&format!("{name}.partial")), None);
            assert_eq!(Name::parse(&format!("old-{name}")), None);
        }
        assert_eq!(Name::parse("portcullis-notes.jsonl.gz"), None);
    }
}

//! What a file looks like from outside: its first sentence, its length, its name.

use super::{Breach, assert_none, sources, tokens::stands, tokens::tokens};

const LONGEST: usize = 300;
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "manager", "common", "misc"];
const FOLDERS: &[&str] = &["src", "tests", "bench"];

fn breach(path: &str, line: usize, what: impl Into<String>) -> Breach {
    Breach { what: what.into(), file: path.to_owned(), line }
}

/// The first paragraph of the file's own documentation is a sentence.
fn opening(path: &str, text: &str) -> Option<Breach> {
    let paragraph: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let sentence = paragraph.join(" ");
    let is_sentence = sentence.ends_with(['.', ':', '!', '?']);
    (!is_sentence).then(|| breach(path, 1, "a file opens with one `//!` sentence that says what it is"))
}

fn length(path: &str, text: &str) -> Option<Breach> {
    let lines = text.lines().count();
    (lines > LONGEST).then(|| {
        breach(path, lines, format!("a file of {lines} lines wants to be two; {LONGEST} is the end"))
    })
}

fn names(path: &str, text: &str) -> Vec<Breach> {
    let is_empty = |name: &str| EMPTY_NAMES.contains(&name);
    let mut found = Vec::new();
    if let Some(part) = path.trim_end_matches(".rs").split('/').find(|part| is_empty(part)) {
        found.push(breach(path, 1, format!("`{part}` names nothing: name it for what it is about")));
    }
    let tokens = tokens(text);
    for (at, pair) in tokens.windows(2).enumerate() {
        if stands(&tokens, at, &["mod", pair[1].text]) && is_empty(pair[1].text) {
            found.push(breach(path, pair[1].line, format!("`mod {}` names nothing", pair[1].text)));
        }
        if stands(&tokens, at, &["[", "path", "="]) {
            found.push(breach(path, pair[1].line, "`#[path]` hides where a module lies"));
        }
    }
    found
}

#[test]
fn every_file_opens_with_a_sentence_that_says_what_it_is() {
    let found: Vec<_> = sources::read(FOLDERS).iter().filter_map(|s| opening(&s.path, &s.text)).collect();
    assert_none(&found);
}

#[test]
fn no_file_has_more_than_300_lines() {
    let found: Vec<_> = sources::read(FOLDERS).iter().filter_map(|s| length(&s.path, &s.text)).collect();
    assert_none(&found);
}

#[test]
fn every_module_is_named_for_what_it_is_about() {
    let found: Vec<_> = sources::read(FOLDERS).iter().flat_map(|s| names(&s.path, &s.text)).collect();
    assert_none(&found);
}

#[test]
fn a_file_without_its_sentence_is_found() {
    for text in ["", "fn main() {}", "// Says it.\n", "/// Says it.\n", "//!\n//! Says it.", "//! Says it"] {
        assert!(opening("a.rs", text).is_some(), "{text:?}");
    }
    for text in
        ["//! Says it.\nuse a;", "//! Says\n//! it.\n//!\n//! - and more\n", "//! `It`: what it is.\n"]
    {
        assert_eq!(opening("a.rs", text), None, "{text:?}");
    }
}

#[test]
fn a_long_file_is_found() {
    assert_eq!(length("a.rs", &"\n".repeat(300)), None);
    assert!(length("a.rs", &"\n".repeat(301)).is_some());
}

#[test]
fn an_empty_name_is_found() {
    for (path, text) in [
        ("src/http/utils.rs", ""),
        ("src/common/mod.rs", ""),
        ("src/http/mod.rs", "pub(crate) mod helpers;"),
        ("src/http/mod.rs", "#[path = \"other.rs\"] mod users;"),
    ] {
        assert_eq!(names(path, text).len(), 1, "{path}: {text}");
    }
    assert_eq!(names("src/http/users.rs", "mod users; // mod utils;"), []);
}

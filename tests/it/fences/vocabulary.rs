//! The log has one vocabulary: `docs/logging.md` lists the names that the sources use, and no others.

use std::{collections::BTreeSet, fs};

use super::{
    Breach, assert_none, sources,
    tokens::{Token, outside_tests, stands, tokens},
};

const EVENTS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
const SPANS: [&str; 5] = ["error_span", "warn_span", "info_span", "debug_span", "trace_span"];

/// These say how to tell of a span, and are not told.
const MARKS: [&str; 3] = ["otel.kind", "parent_id", "sampled"];

/// The names of fields in all calls of `tracing`'s macros.
fn used(source: &str) -> BTreeSet<String> {
    let tokens = tokens(source);
    let tokens = outside_tests(&tokens);
    let calls = (0..tokens.len()).filter(|at| is_call(&tokens, *at));
    calls.flat_map(|at| fields(&tokens, at + 5)).collect()
}

fn is_call(tokens: &[Token<'_>], at: usize) -> bool {
    let says = |name: &&str| stands(tokens, at, &["tracing", "::", name, "!", "("]);
    EVENTS.iter().chain(&SPANS).any(says)
}

/// Of what stands between commas until the parenthesis closes.
fn fields(tokens: &[Token<'_>], from: usize) -> Vec<String> {
    let (mut depth, mut part, mut found) = (0_usize, Vec::new(), Vec::new());
    for token in &tokens[from..] {
        match token.text {
            ")" | "," if depth == 0 => found.extend(name(&std::mem::take(&mut part))),
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if token.text == ")" && depth == 0 && part.is_empty() {
            break;
        }
        if !(token.text == "," && depth == 0) {
            part.push(token.text);
        }
    }
    found
}

/// `%name`, `name = …` or `a.b = …`; anything else is no field.
fn name(part: &[&str]) -> Option<String> {
    let part = part.strip_prefix(&["%"]).or(part.strip_prefix(&["?"])).unwrap_or(part);
    let end = part.iter().position(|text| *text == "=").unwrap_or(part.len());
    let words = &part[..end];
    let is_name = words.iter().all(|word| *word == "." || word.starts_with(|c: char| c.is_alphabetic()));
    (is_name && !words.is_empty()).then(|| words.concat())
}

/// What stands between backticks at the beginning of the rows of these tables.
fn listed(text: &str, tables: &[&str]) -> BTreeSet<String> {
    let (mut inside, mut names) = (false, BTreeSet::new());
    for line in text.lines() {
        if !line.starts_with('|') {
            inside = false;
        }
        inside |= tables.iter().any(|table| line.starts_with(&format!("| {table} |")));
        let name = line.strip_prefix("| `").and_then(|rest| rest.split_once('`'));
        names.extend(name.filter(|_| inside).map(|(name, _)| name.to_owned()));
    }
    names
}

#[test]
fn the_fields_of_the_log_are_those_of_its_vocabulary() {
    let document = fs::read_to_string(sources::root().join("docs/logging.md")).unwrap();
    let mut used: BTreeSet<_> =
        sources::read(&["src"]).iter().flat_map(|source| used(&source.text)).collect();
    used.retain(|name| !MARKS.contains(&name.as_str()));
    let listed = listed(&document, &["field", "attribute"]);
    assert!(listed.len() > 30, "{listed:?}");
    let unlisted: Vec<_> = used.difference(&listed).collect();
    let unused: Vec<_> = listed.difference(&used).collect();
    assert!(unlisted.is_empty(), "docs/logging.md does not list {unlisted:?}");
    assert!(unused.is_empty(), "docs/logging.md lists {unused:?}, which nothing says");
}

/// Else their fields would not be found.
#[test]
fn what_is_logged_is_logged_by_the_whole_name_of_the_macro() {
    let breaches = sources::read(&["src"]).into_iter().flat_map(|source| {
        let tokens = tokens(&source.text);
        let named = |at: usize| EVENTS.iter().chain(&SPANS).any(|name| stands(&tokens, at, &[name, "!"]));
        let found = (0..tokens.len()).filter(|at| named(*at) && *at > 0 && tokens[at - 1].text != "::");
        let found = found.map(|at| Breach {
            what: format!("`{}!` without `tracing::` before it", tokens[at].text),
            file: source.path.clone(),
            line: tokens[at].line,
        });
        found.collect::<Vec<_>>()
    });
    assert_none(&breaches.collect::<Vec<_>>());
}

#[test]
fn a_field_is_found_however_it_is_written() {
    let source = "fn f() { tracing::warn!(%cause, user = %user.id(), took_ms, a.b = f(1, x), \"said {x}\"); \
        tracing::info_span!(target: \"otlp\", parent: &names, \"store\", otel.kind = \"client\", c = Empty,); \
        tracing::info!(\"{}\", line.trim()); other::info!(nothing); }";
    let found = used(source);
    assert_eq!(found, ["a.b", "c", "cause", "otel.kind", "took_ms", "user"].map(str::to_owned).into());
}

#[test]
fn only_the_tables_that_are_meant_are_read() {
    let text = "| field | x |\n|---|---|\n| `a` | b |\n\n| span | x |\n|---|---|\n| `c` | d |\n";
    assert_eq!(listed(text, &["field"]), ["a".to_owned()].into());
}
